package store

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/examples/shop/service"
)

// maxOrderBytes bounds the body of an order.
const maxOrderBytes = 4096

// Pages are the store's HTTP side: GET /items, POST /orders with an Order
// without id, GET /health.
func Pages(s *Store, log hclog.Logger) http.Handler {
	p := &pages{store: s, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items", p.items)
	mux.HandleFunc("POST /orders", p.sell)
	mux.HandleFunc("GET /health", p.health)
	return mux
}

type pages struct {
	store *Store
	log   hclog.Logger
}

func (p *pages) items(w http.ResponseWriter, _ *http.Request) {
	service.Answer(w, p.log, http.StatusOK, p.store.Items())
}

func (p *pages) sell(w http.ResponseWriter, r *http.Request) {
	var o Order
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrderBytes)).Decode(&o); err != nil {
		http.Error(w, "read the order: "+err.Error(), http.StatusBadRequest)
		return
	}
	sold, err := p.store.Sell(o.Item, o.Count)
	if err != nil {
		http.Error(w, err.Error(), p.statusOf(err))
		return
	}
	service.Answer(w, p.log, http.StatusCreated, sold)
}

func (p *pages) statusOf(err error) int {
	switch {
	case errors.Is(err, ErrUnknownItem), errors.Is(err, ErrBadCount):
		return http.StatusUnprocessableEntity
	case errors.Is(err, ErrSoldOut):
		return http.StatusConflict
	default:
		p.log.Error("order was not kept", "error", err)
		return http.StatusInternalServerError
	}
}

func (p *pages) health(w http.ResponseWriter, _ *http.Request) {
	if err := p.store.Check(); err != nil {
		p.log.Error("unhealthy", "error", err)
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	service.Answer(w, p.log, http.StatusOK, map[string]string{"status": "ok"})
}
