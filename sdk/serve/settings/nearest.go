package settings

// nearest finds the key that was probably meant: at most a third of its
// letters differ.
func nearest(key string, fields []field) string {
	best, bestDistance := "", len(key)
	for _, f := range fields {
		if d := distance(key, f.key); d < bestDistance && d <= max(1, len(f.key)/3) {
			best, bestDistance = f.key, d
		}
	}
	return best
}

// distance counts the insertions, deletions and replacements between two keys
// (Levenshtein 1966), with one row of the table at a time.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
