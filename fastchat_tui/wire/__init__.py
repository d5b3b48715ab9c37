"""What is said: the vocabulary that the engine and every front end share.

Standard library only (``codec`` alone uses pydantic), plain data only: nothing here holds a future, a class of an
SDK or a widget, so all of it can be stored, replayed, sent to another process and compared in a test.
"""
