package theorem

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/examples/shop/service"
)

// maxBody bounds the body of a theorem.
const maxBody = 4096

// Pages are the store's HTTP side: GET /theorems (how many), GET /theorems/HASH,
// POST /theorems with a Theorem, GET /health.
func Pages(s *Store, log hclog.Logger) http.Handler {
	p := &pages{store: s, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /theorems", p.count)
	mux.HandleFunc("GET /theorems/{hash}", p.find)
	mux.HandleFunc("POST /theorems", p.put)
	mux.HandleFunc("GET /health", p.count)
	return mux
}

type pages struct {
	store *Store
	log   hclog.Logger
}

func (p *pages) count(w http.ResponseWriter, _ *http.Request) {
	service.Answer(w, p.log, http.StatusOK, map[string]int{"theorems": p.store.Count()})
}

func (p *pages) find(w http.ResponseWriter, r *http.Request) {
	t, known := p.store.Find(r.PathValue("hash"))
	if !known {
		http.Error(w, "no proof of this problem is known", http.StatusNotFound)
		return
	}
	service.Answer(w, p.log, http.StatusOK, t)
}

func (p *pages) put(w http.ResponseWriter, r *http.Request) {
	var t Theorem
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&t); err != nil {
		http.Error(w, "read the theorem: "+err.Error(), http.StatusBadRequest)
		return
	}
	news, err := p.store.Put(t)
	switch {
	case errors.Is(err, ErrBad):
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
	case errors.Is(err, ErrFull):
		http.Error(w, err.Error(), http.StatusInsufficientStorage)
	case err != nil:
		p.log.Error("theorem was not kept", "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case news:
		service.Answer(w, p.log, http.StatusCreated, t)
	default:
		service.Answer(w, p.log, http.StatusOK, t)
	}
}
