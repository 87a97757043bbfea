"""What people decided about predictions: kept, signed, audited, counted, and given back as training notes."""
