package health

import (
	"fmt"
	"math"
)

// The points that a breached limit costs; twice as many when it is severe. They are chosen so that one breach makes a
// degraded host at most, memory and disk together or one of them severely make an unhealthy one, and pressure alone
// leaves it healthy.
const (
	costCPU      = 15
	costMemory   = 22
	costDisk     = 22
	costErrors   = 20
	costChanges  = 10
	costResponse = 15
	costPressure = 5
)

// clearMargin is the part of the room between a limit and its best value that a failing check must win back before it
// passes again, so that a figure that swings around its limit does not make the state flap.
const clearMargin = 0.05

// rule is one limit applied to one figure.
type rule struct {
	name   string
	unit   string
	figure Measure
	limit  float64
	best   float64 // the value without any trouble
	severe float64 // from here on the cost is doubled
	cost   float64
}

// required are the checks without whose data a whole report is inconclusive. Every Linux host has these three; the others
// depend on probes, changes and the kernel's configuration.
var required = []string{"cpu", "memory", "disk"}

// Check is the outcome of one rule, as the API shows it.
type Check struct {
	Name string `json:"name"`
	// Value has the unit Unit; it is 0 when Verdict is Inconclusive.
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Limit   float64 `json:"limit"`
	Verdict Verdict `json:"verdict"`
	// Cost is the number of points lost.
	Cost float64 `json:"cost"`
	// Reason is a sentence for people.
	Reason string `json:"reason"`
}

// rules lists the limits of c with the figures of r. Severe is halfway from the limit to the worst value, or twice
// the limit where there is no worst value.
func rules(c Config, r Reading) []rule {
	upper := func(name string, figure Measure, limit, cost float64) rule {
		return rule{name: name, unit: "%", figure: figure, limit: limit, best: 0, severe: (limit + 100) / 2, cost: cost}
	}
	lower := func(name string, figure Measure, limit, cost float64) rule {
		return rule{name: name, unit: "%", figure: figure, limit: limit, best: 100, severe: limit / 2, cost: cost}
	}
	return []rule{
		upper("cpu", r.CPU, c.CPUMax, costCPU),
		lower("memory", r.MemoryAvailable, c.MemoryMinAvailable, costMemory),
		upper("disk", r.Disk, c.DiskMax, costDisk),
		upper("error_rate", r.ErrorRate, c.ErrorRateMax, costErrors),
		lower("success_rate", r.SuccessRate, c.SuccessRateMin, costChanges),
		upper("cpu_pressure", r.CPUPressure, c.PressureMax, costPressure),
		upper("memory_pressure", r.MemoryPressure, c.PressureMax, costPressure),
		upper("disk_pressure", r.DiskIOPressure, c.PressureMax, costPressure),
		{name: "response", unit: "s", figure: r.Response, limit: c.ResponseMax.Seconds(),
			severe: 2 * c.ResponseMax.Seconds(), cost: costResponse},
	}
}

// judge applies the rule. failing says whether the check failed the last time.
func (u rule) judge(failing bool) Check {
	check := Check{Name: u.name, Unit: u.unit, Limit: u.limit}
	if !u.figure.Known {
		check.Verdict = Inconclusive
		check.Reason = fmt.Sprintf("%s could not be read", u.name)
		return check
	}
	check.Value = u.figure.Value
	switch {
	case u.beyond(u.limit):
		check.Verdict = Fail
		check.Reason = fmt.Sprintf("%s is %s, limit %s", u.name, u.show(u.figure.Value), u.show(u.limit))
	case failing && u.beyond(u.clear()):
		check.Verdict = Fail
		check.Reason = fmt.Sprintf("%s is %s, back within %s but not yet past %s",
			u.name, u.show(u.figure.Value), u.show(u.limit), u.show(u.clear()))
	default:
		check.Verdict = Pass
		check.Reason = fmt.Sprintf("%s is %s, within %s", u.name, u.show(u.figure.Value), u.show(u.limit))
		return check
	}
	check.Cost = u.cost
	if u.beyond(u.severe) {
		check.Cost = 2 * u.cost
	}
	return check
}

// beyond says that the figure is on the wrong side of limit.
func (u rule) beyond(limit float64) bool {
	if u.best > u.limit {
		return u.figure.Value < limit
	}
	return u.figure.Value > limit
}

// clear is the value at which a failing check passes again.
func (u rule) clear() float64 {
	return u.limit + (u.best-u.limit)*clearMargin
}

func (u rule) show(value float64) string {
	return fmt.Sprintf("%v %s", math.Round(value*10)/10, u.unit)
}
