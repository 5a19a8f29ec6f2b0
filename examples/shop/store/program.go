package store

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/examples/shop/service"
)

// Settings are those of every shop process and the file of the orders.
type Settings struct {
	service.Settings
	// Data says where the orders are.
	Data Data `toml:"data"`
	// Goods are what the shop has before the first order.
	Goods []Goods `toml:"goods"`
}

// Data says where the orders are.
type Data struct {
	// File is appended to, one order a line.
	File string `toml:"file"`
}

// Goods is one Item of the settings file. Price is in cents, Stock in pieces.
type Goods struct {
	Name  string `toml:"name"`
	Price int    `toml:"price"`
	Stock int    `toml:"stock"`
}

// Program is the store as a service.Program.
type Program struct{ settings Settings }

// NewProgram returns the store with its defaults.
func NewProgram() *Program {
	return &Program{Settings{
		Settings: service.Settings{
			Server: service.Server{
				Listen: "127.0.0.1:9201", Admin: "127.0.0.1:9202", Workers: 16,
				Patience: service.Duration{Duration: time.Second},
				Drain:    service.Duration{Duration: time.Second},
			},
			Log:   service.Log{File: "store.log", Level: "info"},
			Fault: service.Fault{Enabled: true, File: "store.fault.json"},
		},
		Data:  Data{File: "orders.jsonl"},
		Goods: []Goods{{"kettle", 3900, 1000}, {"governor", 12900, 200}, {"thermostat", 2400, 5000}},
	}}
}

// Defaults returns the settings to use where the file is silent.
func (p *Program) Defaults() any { return &p.settings }

// Common returns the settings that every shop process has.
func (p *Program) Common() *service.Settings { return &p.settings.Settings }

// Check finds wrong values among the store's own settings.
func (p *Program) Check() error {
	var wrong []error
	if p.settings.Data.File == "" {
		wrong = append(wrong, errors.New("data.file: a path is required"))
	}
	for _, g := range p.settings.Goods {
		if g.Name == "" || g.Price < 0 || g.Stock < 0 {
			wrong = append(wrong, fmt.Errorf("goods %q: want a name, price and stock of at least 0, got %d and %d",
				g.Name, g.Price, g.Stock))
		}
	}
	return errors.Join(wrong...)
}

// Open reads the orders and returns the store's pages.
func (p *Program) Open(v *service.Service) (http.Handler, func() error, error) {
	goods := make([]Item, 0, len(p.settings.Goods))
	for _, g := range p.settings.Goods {
		goods = append(goods, Item(g))
	}
	s, err := Open(p.settings.Path(p.settings.Data.File), goods)
	if err != nil {
		return nil, nil, err
	}
	return Pages(s, v.Log), s.Close, nil
}
