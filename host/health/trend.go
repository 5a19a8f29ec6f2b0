package health

import (
	"slices"
	"time"
)

// Trend is the direction of the score.
type Trend string

// The trends.
const (
	Improving Trend = "improving"
	Stable    Trend = "stable"
	Degrading Trend = "degrading"
)

const (
	// trendPoints bounds the window of the trend.
	trendPoints = 60
	// trendMin is the number of points below which the trend is called stable, for want of data.
	trendMin = 5
	// trendChange is the change in points over the whole window, along the fitted line, from which it is called a trend.
	trendChange = 5
)

// trendOf fits a line by Theil and Sen's method: its slope is the median of the slopes between all pairs of points. Up to
// 29 % of the points may be arbitrary without moving it, so one bad reading makes no trend. Points are at most 60, their
// pairs 1,770. (P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, 1968.)
func trendOf(points []Point) Trend {
	if len(points) < trendMin {
		return Stable
	}
	slopes := make([]float64, 0, len(points)*(len(points)-1)/2)
	for i, a := range points {
		for _, b := range points[i+1:] {
			slopes = append(slopes, (b.Score-a.Score)/b.At.Sub(a.At).Seconds())
		}
	}
	slices.Sort(slopes)
	middle := len(slopes) / 2
	slope := slopes[middle]
	if len(slopes)%2 == 0 {
		slope = (slopes[middle-1] + slopes[middle]) / 2
	}
	return nameTrend(slope, points[len(points)-1].At.Sub(points[0].At))
}

func nameTrend(slope float64, window time.Duration) Trend {
	switch change := slope * window.Seconds(); {
	case change >= trendChange:
		return Improving
	case change <= -trendChange:
		return Degrading
	}
	return Stable
}
