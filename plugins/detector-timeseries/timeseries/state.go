package timeseries

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"

	"github.com/homeostat/homeostat/plugins/detector-timeseries/forecast"
	"github.com/homeostat/homeostat/sdk"
)

// mark begins a saved state; its last byte is the version.
const mark = "hts\x02"

// savedComponent and savedSignal are what is written of a component.
type savedComponent struct {
	Name       string
	Generation uint64
	QuietUntil int64
	Suppressed bool
	Open       map[string]sdk.Anomaly
	Vector     vector
	Marks      map[string]int
	Signals    []savedSignal
}

type savedSignal struct {
	Name   string
	Intake intake
	Fill   *forecast.Fill
	Hours  *hours
	// Series is nil for a signal that did not fit; it is learnt anew.
	Series []byte
}

// SaveState forgets the forests, so that this instance and one that loads the
// state grow the same ones from the same rows. It returns what was learnt: a mark with the version, a CRC-32, and the
// packed components. Where all of it would be more than the host keeps, the
// series of the last components in order are left out and are learnt anew.
func (d *Detector) SaveState() ([]byte, error) {
	names := slices.Sorted(maps.Keys(d.components))
	total := 0
	for _, n := range names {
		total += len(d.components[n].signals)
		d.components[n].vector.forest = nil
	}
	for keep := total; ; keep = keep * 3 / 4 {
		b, err := d.pack(names, keep)
		if err != nil || len(b) <= sdk.MaxState {
			return b, err
		}
		if keep == 0 {
			return nil, fmt.Errorf("save the state of %d signals: %d bytes without their series, at most %d are kept", total, len(b), sdk.MaxState)
		}
	}
}

// pack writes the components, with the series of the first keep signals.
func (d *Detector) pack(names []string, keep int) ([]byte, error) {
	saved := make([]savedComponent, 0, len(names))
	for _, n := range names {
		c := d.components[n]
		out := savedComponent{n, c.generation, c.quietUntil, c.suppressed, c.open, c.vector, c.marks, nil}
		for _, name := range slices.Sorted(maps.Keys(c.signals)) {
			s := c.signals[name]
			one := savedSignal{Name: name, Intake: s.intake, Fill: s.fill, Hours: s.hours}
			if keep > 0 {
				one.Series = s.series.AppendState(nil)
				keep--
			}
			out.Signals = append(out.Signals, one)
		}
		saved = append(saved, out)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err == nil {
		err = errors.Join(gob.NewEncoder(w).Encode(saved), w.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("pack the state: %w", err)
	}
	out := binary.LittleEndian.AppendUint32([]byte(mark), crc32.ChecksumIEEE(packed.Bytes()))
	return append(out, packed.Bytes()...), nil
}

// LoadState takes a saved state back. It refuses another version and a wrong
// checksum and then leaves the detector as it was.
func (d *Detector) LoadState(state []byte) error {
	const head = len(mark) + 4
	if len(state) < head || string(state[:len(mark)]) != mark {
		return errors.New("read the saved state: it is not one of this version")
	}
	packed := state[head:]
	if sum := binary.LittleEndian.Uint32(state[len(mark):]); sum != crc32.ChecksumIEEE(packed) {
		return errors.New("read the saved state: the checksum is wrong")
	}
	// A megabyte of hostile zeros must not unpack to gigabytes.
	const most = 64 << 20
	var saved []savedComponent
	if err := gob.NewDecoder(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), most)).Decode(&saved); err != nil {
		return fmt.Errorf("read the saved state: %w", err)
	}
	components := map[string]*component{}
	for _, c := range saved {
		one, err := c.restore()
		if err != nil {
			return fmt.Errorf("read the saved state of %s: %w", c.Name, err)
		}
		components[c.Name] = one
	}
	d.components = components
	return nil
}

func (c savedComponent) restore() (*component, error) {
	if v := c.Vector; v.Added < 0 || len(v.Rows) != min(v.Added, vectorRows)*len(v.Names) {
		return nil, fmt.Errorf("%d numbers for %d rows of %d signals", len(v.Rows), v.Added, len(v.Names))
	}
	out := &component{signals: map[string]*signal{}, vector: c.Vector, generation: c.Generation,
		quietUntil: c.QuietUntil, suppressed: c.Suppressed, open: c.Open, marks: c.Marks}
	if out.marks == nil {
		out.marks = map[string]int{}
	}
	if out.open == nil {
		out.open = map[string]sdk.Anomaly{}
	}
	for _, in := range c.Signals {
		s := &signal{intake: in.Intake, name: in.Name, fill: in.Fill, hours: in.Hours}
		if (s.fill == nil) != (s.hours == nil) || s.hours != nil && !s.hours.sound() {
			return nil, fmt.Errorf("%s: its forecasts contradict themselves", in.Name)
		}
		if in.Series == nil {
			s.intake = intake{Hits: in.Intake.Hits, Misses: in.Intake.Misses}
		} else if err := s.series.SetState(in.Series); err != nil {
			return nil, fmt.Errorf("%s: %w", in.Name, err)
		}
		out.signals[in.Name] = s
	}
	return out, nil
}
