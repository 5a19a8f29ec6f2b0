package observe

import "github.com/homeostat/homeostat/host/observe/tape"

// Measured takes in samples of a component that somebody else has taken, for
// example of what passes through a link. Samples of an unknown component are
// dropped.
func (o *Observer) Measured(component string, samples []tape.Sample) {
	o.tape.Add(readClocks(), tape.Batch{Component: component, Samples: samples})
}
