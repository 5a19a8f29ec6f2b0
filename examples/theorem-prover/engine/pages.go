package engine

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/homeostat/homeostat/examples/shop/service"
	"github.com/homeostat/homeostat/examples/theorem-prover/problem"
)

// maxDemand bounds the body of a demand, in bytes.
const maxDemand = 4096

// Pages are the engine's HTTP side: GET /health, GET /demand, and PUT /demand with
// the shares of the families.
func Pages(e *Engine) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", e.health)
	mux.HandleFunc("GET /demand", func(w http.ResponseWriter, _ *http.Request) { service.Answer(w, e.log, http.StatusOK, e.Demand()) })
	mux.HandleFunc("PUT /demand", e.want)
	return mux
}

func (e *Engine) health(w http.ResponseWriter, _ *http.Request) {
	if err := e.Check(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	service.Answer(w, e.log, http.StatusOK, map[string]string{"status": "ok"})
}

func (e *Engine) want(w http.ResponseWriter, r *http.Request) {
	d, err := readDemand(http.MaxBytesReader(w, r.Body, maxDemand))
	if err == nil {
		err = e.Want(d)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e.log.Info("demand changed", "demand", d)
	service.Answer(w, e.log, http.StatusOK, d)
}

// readDemand reads one object of shares and nothing after it.
func readDemand(r io.Reader) (problem.Demand, error) {
	var d problem.Demand
	dec := json.NewDecoder(r)
	if err := dec.Decode(&d); err != nil {
		return nil, errors.New(`read the demand: want JSON like {"groups": 4, "sets": 1}: ` + err.Error())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read the demand: there is something after it")
	}
	return d, nil
}
