package logs

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"

	"github.com/homeostat/homeostat/plugins/detector-logs/template"
	"github.com/homeostat/homeostat/sdk"
)

// magic begins a saved state; its last character is the version.
const magic = "HLOGS1"

const (
	// maxSaved is how large a saved state may be, below sdk.MaxState for safety.
	maxSaved = sdk.MaxState - 4096
	// packedTemplate and packedStatement are about how many bytes one of them
	// takes at least, so that what cannot fit is not even packed.
	packedTemplate  = 60
	packedStatement = 12
	// statementShare is how many times fewer statements of one component are
	// kept than templates of all.
	statementShare = 10
	// maxUnpacked bounds a state that is read.
	maxUnpacked = 64 << 20
)

// saved is the state as JSON.
type saved struct {
	Miner  template.State `json:"miner"`
	Memory memory         `json:"memory"`
}

// SaveState returns what was learnt, compressed, with a checksum. When it is too
// large, the templates and statements that were not used for longest are left
// out.
func (d *Detector) SaveState() ([]byte, error) {
	for _, p := range d.memory.Profiles {
		p.Mixtures = p.model.Known()
	}
	for limit := template.MaxTemplates; limit > 0; limit /= 2 {
		memory := d.memory
		memory.Profiles = map[string]*profile{}
		size := packedTemplate * min(limit, d.miner.Len())
		for name, p := range d.memory.Profiles {
			memory.Profiles[name] = p.trimmed(max(1, limit/statementShare))
			size += packedStatement * len(memory.Profiles[name].Statements)
		}
		if size > maxSaved {
			continue
		}
		out, err := pack(saved{d.miner.State(limit), memory})
		if err != nil {
			return nil, err
		}
		if len(out) <= maxSaved {
			return out, nil
		}
	}
	return nil, errors.New("save what was learnt: the profiles alone are larger than the host keeps")
}

func pack(s saved) ([]byte, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("save what was learnt: %w", err)
	}
	var out bytes.Buffer
	out.WriteString(magic)
	_ = binary.Write(&out, binary.LittleEndian, crc32.ChecksumIEEE(text)) // a buffer does not fail
	z, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("save what was learnt: %w", err)
	}
	if _, err := z.Write(text); err != nil {
		return nil, fmt.Errorf("save what was learnt: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("save what was learnt: %w", err)
	}
	return out.Bytes(), nil
}

// LoadState takes back what SaveState returned.
func (d *Detector) LoadState(state []byte) error {
	body, ok := bytes.CutPrefix(state, []byte(magic))
	if !ok || len(body) < crc32.Size {
		return fmt.Errorf("read the saved state: it does not begin with %s", magic)
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body[crc32.Size:])), maxUnpacked))
	if err != nil {
		return fmt.Errorf("read the saved state: %w", err)
	}
	if got, want := crc32.ChecksumIEEE(text), binary.LittleEndian.Uint32(body); got != want {
		return fmt.Errorf("read the saved state: checksum want %08x, got %08x", want, got)
	}
	s := saved{Memory: emptyMemory()}
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("read the saved state: %w", err)
	}
	miner, err := template.Restore(s.Miner)
	if err != nil {
		return fmt.Errorf("read the saved state: %w", err)
	}
	if err := s.Memory.check(); err != nil {
		return fmt.Errorf("read the saved state: %w", err)
	}
	d.miner, d.memory = miner, s.Memory
	return nil
}

// check completes the memory, or says what is missing.
func (m *memory) check() error {
	if m.Profiles == nil || m.Bursts == nil || m.Distrust == nil {
		return errors.New("a part of the memory is missing")
	}
	for name, p := range m.Profiles {
		if p == nil || p.Statements == nil {
			return fmt.Errorf("the profile of %q is empty", name)
		}
		for id, s := range p.Statements {
			if s == nil {
				return fmt.Errorf("the profile of %q: statement %d is empty", name, id)
			}
		}
		p.ready()
	}
	for name, b := range m.Bursts {
		if b == nil || len(b.Parts) == 0 {
			return fmt.Errorf("the burst of %q is empty", name)
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
