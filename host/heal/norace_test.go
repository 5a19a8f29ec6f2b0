//go:build !race

package heal

const raceDetector = false
