package theorem

import (
	"errors"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/examples/shop/service"
)

// Settings are those of every process with package service, and the file.
type Settings struct {
	service.Settings
	// Data says where the theorems are.
	Data Data `toml:"data"`
}

// Data says where the theorems are.
type Data struct {
	// File is appended to, one theorem a line.
	File string `toml:"file"`
}

// Program is the store as a service.Program.
type Program struct{ settings Settings }

// NewProgram returns the store with its defaults.
func NewProgram() *Program {
	return &Program{Settings{
		Settings: service.Settings{
			Server: service.Server{
				Listen: "127.0.0.1:9311", Admin: "127.0.0.1:9312", Workers: 64,
				Patience: service.Duration{Duration: time.Second},
				Drain:    service.Duration{Duration: time.Second},
			},
			Log:   service.Log{File: "store.log", Level: "info"},
			Fault: service.Fault{Enabled: true, File: "store.fault.json"},
		},
		Data: Data{File: "theorems.jsonl"},
	}}
}

// Defaults returns the settings to use where the file is silent.
func (p *Program) Defaults() any { return &p.settings }

// Common returns the settings that every process has.
func (p *Program) Common() *service.Settings { return &p.settings.Settings }

// Check finds wrong values among the store's own settings.
func (p *Program) Check() error {
	if p.settings.Data.File == "" {
		return errors.New("data.file: a path is required")
	}
	return nil
}

// Open reads the theorems and returns the store's pages.
func (p *Program) Open(v *service.Service) (http.Handler, func() error, error) {
	s, err := Open(p.settings.Path(p.settings.Data.File))
	if err != nil {
		return nil, nil, err
	}
	return Pages(s, v.Log), s.Close, nil
}
