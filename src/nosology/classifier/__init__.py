"""From text to a prediction: the classifier, its calibration, and the linear models that it is blended with."""
