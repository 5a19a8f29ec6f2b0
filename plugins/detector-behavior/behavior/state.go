package behavior

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/homeostat/homeostat/plugins/detector-behavior/pca"
	"github.com/homeostat/homeostat/plugins/detector-behavior/rootcause"
	"github.com/homeostat/homeostat/sdk"
)

// stateVersion begins a saved state; its checksum (CRC-32, IEEE) follows.
const stateVersion = "behavior 1\n"

type saved struct {
	Profiles []profile
	Calls    []rootcause.Call
}

// SaveState returns the profiles, with what each model was made from, so that a
// loaded detector judges like this one. Where all do not fit, the rows for
// the ranking are left out, then the profiles that were not seen for longest.
func (d *Detector) SaveState() ([]byte, error) {
	var s saved
	for _, name := range slices.Sorted(maps.Keys(d.profiles)) {
		s.Profiles = append(s.Profiles, *d.profiles[name])
	}
	s.Calls = d.known()
	data, err := s.encode()
	if err != nil || len(data) <= sdk.MaxState {
		return data, err
	}
	for i := range s.Profiles {
		s.Profiles[i].Recent = nil
	}
	slices.SortStableFunc(s.Profiles, func(a, b profile) int { return b.Last.Compare(a.Last) })
	for {
		data, err = s.encode()
		if err != nil || len(data) <= sdk.MaxState || len(s.Profiles) == 0 {
			return data, err
		}
		s.Profiles = s.Profiles[:len(s.Profiles)*3/4]
	}
}

func (s saved) encode() ([]byte, error) {
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(s); err != nil {
		return nil, fmt.Errorf("save the profiles: %w", err)
	}
	out := binary.BigEndian.AppendUint32([]byte(stateVersion), crc32.ChecksumIEEE(body.Bytes()))
	return append(out, body.Bytes()...), nil
}

// LoadState takes the profiles back. It refuses what is damaged or from another
// version.
func (d *Detector) LoadState(state []byte) error {
	body, found := bytes.CutPrefix(state, []byte(stateVersion))
	if !found || len(body) < 4 {
		return errors.New("load the profiles: the state is not of this version")
	}
	sum, body := binary.BigEndian.Uint32(body), body[4:]
	if got := crc32.ChecksumIEEE(body); got != sum {
		return fmt.Errorf("load the profiles: checksum want %08x, got %08x", sum, got)
	}
	var s saved
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(&s); err != nil {
		return fmt.Errorf("load the profiles: %w", err)
	}
	profiles := map[string]*profile{}
	for i := range s.Profiles {
		p := &s.Profiles[i]
		if err := p.check(); err != nil {
			return fmt.Errorf("load the profile of %s: %w", p.Component, err)
		}
		p.prepare()
		p.model, _ = p.Basis.Model() // none before there were enough rows
		profiles[p.Component] = p
	}
	d.profiles, d.calls = profiles, map[rootcause.Call]bool{}
	for _, c := range s.Calls {
		d.calls[c] = true
	}
	return nil
}

func (p *profile) check() error {
	if n := len(p.Moments.Mean); n != len(p.Signals) || n != len(p.Units) || n > pca.MaxSignals {
		return fmt.Errorf("%d signals, %d units and %d means", len(p.Signals), len(p.Units), n)
	}
	return errors.Join(p.Moments.Check(), p.Basis.Check())
}
