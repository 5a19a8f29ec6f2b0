package models

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// Pins gives each model the hash that it is searched under. The zero value is not
// usable; set Log.
type Pins struct {
	Log hclog.Logger

	mu   sync.Mutex
	said map[string]string // module to the hash that was told, under mu
}

// Of returns the hash that the operator gave, or that of the file as it is now: what
// is hashed is what runs, and another file is searched anew. A model without a hash
// is told once, and once more when it has changed.
func (p *Pins) Of(component, module, wanted string) string {
	if wanted != "" {
		return wanted
	}
	sum, err := hash(module)
	if err != nil {
		return "" // what opens it says why
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said == nil {
		p.said = map[string]string{}
	}
	if p.said[module] != sum {
		p.said[module] = sum
		p.Log.Warn("a model is not pinned, so whatever is in its file is run in the sandbox; the key model.sha256 pins it",
			"component", component, "module", module, "sha256", sum)
	}
	return sum
}

func hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
