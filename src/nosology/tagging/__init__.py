"""Small convolutional networks over a row of tokens or lines, trained with torch and run in numpy."""
