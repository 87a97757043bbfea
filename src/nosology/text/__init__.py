"""What is done to the text of a note, with the way back to the original."""
