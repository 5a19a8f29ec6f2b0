package hoststat

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// PressureRoot is where the kernel reports pressure for the whole machine.
const PressureRoot = "/proc/pressure"

// Pressure is the share of the last ten seconds, from 0 to 100, in which at
// least one task (Some), or all of them at once (Full), waited for a resource.
type Pressure struct{ Some, Full float64 }

// Pressure reads the pressure on "cpu", "memory" or "io": that of the
// container where one is limited and reports it, else that of the machine. It
// is false where the kernel does not measure it.
func (m *Meter) Pressure(resource string) (Pressure, bool) {
	if m.group.v2 && m.group.limited() {
		if data, err := os.ReadFile(filepath.Join(m.group.root, resource+".pressure")); err == nil {
			return parsePressure(data)
		}
	}
	data, err := os.ReadFile(filepath.Join(PressureRoot, resource))
	if err != nil {
		return Pressure{}, false
	}
	return parsePressure(data)
}

// parsePressure reads lines such as "some avg10=0.58 avg60=1.35 …".
func parsePressure(data []byte) (Pressure, bool) {
	var p Pressure
	some := false
	for line := range bytes.Lines(data) {
		fields := bytes.Fields(line)
		if len(fields) < 2 {
			continue
		}
		value, found := bytes.CutPrefix(fields[1], []byte("avg10="))
		if !found {
			continue
		}
		n, err := strconv.ParseFloat(string(value), 64)
		if err != nil || !(n >= 0) {
			continue
		}
		switch string(fields[0]) {
		case "some":
			p.Some, some = clamp(n), true
		case "full":
			p.Full = clamp(n)
		}
	}
	return p, some
}
