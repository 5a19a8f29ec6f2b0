package health

import (
	"bufio"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Memory is an amount of memory in bytes.
type Memory struct {
	Total, Available uint64
}

// Within is the memory as a control group with a limit and a usage in bytes sees it. A limit that is 0 or not below
// Total (the kernel writes a huge figure for "none") changes nothing.
func (m Memory) Within(limit, usage uint64) Memory {
	if limit == 0 || limit >= m.Total {
		return m
	}
	left := limit - min(usage, limit)
	return Memory{Total: limit, Available: min(left, m.Available)}
}

// AvailablePercent is Available as a percentage of Total, missing if Total is 0.
func (m Memory) AvailablePercent() Measure {
	if m.Total == 0 {
		return Measure{}
	}
	return Known(100 * float64(min(m.Available, m.Total)) / float64(m.Total))
}

// ParsePressure reads the text of a file of /proc/pressure or of a control group's *.pressure and returns the percentage
// of the last 10 seconds in which at least one task waited ("some avg10").
func ParsePressure(text string) (Measure, error) {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[0] != "some" {
			continue
		}
		figure, ok := strings.CutPrefix(fields[1], "avg10=")
		if !ok {
			break
		}
		value, err := strconv.ParseFloat(figure, 64)
		if err != nil {
			return Measure{}, fmt.Errorf("read pressure: %w", err)
		}
		if math.IsNaN(value) || value < 0 || value > 100 {
			return Measure{}, fmt.Errorf("read pressure: avg10 is %v, want 0 to 100", value)
		}
		return Known(value), nil
	}
	return Measure{}, fmt.Errorf("read pressure: no \"some avg10=\" in %q", text[:min(len(text), 200)])
}
