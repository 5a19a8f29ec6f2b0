//go:build race

package heal

// raceDetector makes everything some ten times slower.
const raceDetector = true
