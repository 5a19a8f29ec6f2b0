//go:build !race

package timeseries

const raceDetector = false
