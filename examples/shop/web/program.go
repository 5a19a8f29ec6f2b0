package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/homeostat/homeostat/examples/shop/service"
)

// Settings are those of every shop process, the store's address and the cache.
type Settings struct {
	service.Settings
	// Store says where the store is.
	Store Store `toml:"store"`
	// Cache is the short-lived copy of the goods.
	Cache Cache `toml:"cache"`
}

// Store says where the store is.
type Store struct {
	// URL is the store's public address, without a path.
	URL string `toml:"url"`
	// Timeout bounds every call to the store.
	Timeout service.Duration `toml:"timeout"`
}

// Cache is the short-lived copy of the goods.
type Cache struct {
	// TTL is how old the copy may get; 0s switches it off.
	TTL service.Duration `toml:"ttl"`
	// Stale is how old it may get while the store does not answer well; 0s means
	// that the page fails then. With it the process counts as well as long as it
	// can show goods.
	Stale service.Duration `toml:"stale"`
}

// Program is the web process as a service.Program.
type Program struct{ settings Settings }

// NewProgram returns the web process with its defaults.
func NewProgram() *Program {
	return &Program{Settings{
		Settings: service.Settings{
			Server: service.Server{
				Listen: "127.0.0.1:9100", Admin: "127.0.0.1:9101", Workers: 8,
				Patience: service.Duration{Duration: time.Second},
				Drain:    service.Duration{Duration: time.Second},
			},
			Log:   service.Log{File: "web.log", Level: "info"},
			Fault: service.Fault{Enabled: true, File: "web.fault.json"},
		},
		Store: Store{URL: "http://127.0.0.1:9201", Timeout: service.Duration{Duration: time.Second}},
		Cache: Cache{TTL: service.Duration{Duration: 500 * time.Millisecond}},
	}}
}

// Defaults returns the settings to use where the file is silent.
func (p *Program) Defaults() any { return &p.settings }

// Common returns the settings that every shop process has.
func (p *Program) Common() *service.Settings { return &p.settings.Settings }

// Check finds wrong values among the web process's own settings.
func (p *Program) Check() error {
	var wrong []error
	if u, err := url.Parse(p.settings.Store.URL); err != nil || u.Scheme != "http" || u.Host == "" || u.Path != "" {
		wrong = append(wrong, fmt.Errorf("store.url: want http://HOST:PORT, got %q", p.settings.Store.URL))
	}
	if p.settings.Store.Timeout.Duration <= 0 {
		wrong = append(wrong, fmt.Errorf("store.timeout: want more than 0s, got %s", p.settings.Store.Timeout))
	}
	if p.settings.Cache.Stale.Duration < 0 {
		wrong = append(wrong, fmt.Errorf("cache.stale: want 0s or more, got %s", p.settings.Cache.Stale))
	}
	if p.settings.Cache.TTL.Duration < 0 {
		wrong = append(wrong, fmt.Errorf("cache.ttl: want 0s or more, got %s", p.settings.Cache.TTL))
	}
	return errors.Join(wrong...)
}

// Open returns the pages for the store of the settings.
func (p *Program) Open(v *service.Service) (http.Handler, func() error, error) {
	w := Open(p.settings)
	return Pages(w, v.Log), w.Close, nil
}
