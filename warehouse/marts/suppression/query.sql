SELECT cube, margin, published, zero, suppressed FROM margins ORDER BY cube, margin
