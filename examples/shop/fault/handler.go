package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"
)

// Handler serves the switches over HTTP: GET /fault answers a Listing, POST /fault/NAME?for=3s&rate=50 switches one on, DELETE /fault
// empties the fault file. A fault is answered with 202 before it acts, because
// some of them never return.
func (s *Switches) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /fault", s.list)
	mux.HandleFunc("POST /fault/{name}", s.post)
	mux.HandleFunc("DELETE /fault", s.clear)
	return mux
}

// Listing is the answer to GET /fault. PID tells one run of the process from
// the next.
type Listing struct {
	PID    int    `json:"pid"`
	Faults []Name `json:"faults"`
	On     []Name `json:"on"`
}

func (s *Switches) list(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	answer := Listing{PID: os.Getpid(), Faults: Names(), On: s.On()}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.log.Warn("list of faults was not sent", "error", err)
	}
}

func (s *Switches) post(w http.ResponseWriter, r *http.Request) {
	o, err := order(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Length", "0") // the answer is whole even when nothing can follow
	w.WriteHeader(http.StatusAccepted)
	if err := http.NewResponseController(w).Flush(); err != nil {
		s.log.Warn("acceptance of a fault was not sent", "fault", o.Name, "error", err)
	}
	if err := s.Inject(o); err != nil {
		s.log.Error("fault did not act", "fault", o.Name, "error", err)
	}
}

func (s *Switches) clear(w http.ResponseWriter, _ *http.Request) {
	if err := s.Clear(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// order reads the fault that a request asks for.
func order(r *http.Request) (Order, error) {
	o := Order{Name: Name(r.PathValue("name"))}
	var wrong []error
	if v := r.FormValue("for"); v != "" {
		d, err := time.ParseDuration(v)
		wrong = append(wrong, err)
		o.For = d
	}
	if v := r.FormValue("rate"); v != "" {
		rate, err := strconv.ParseFloat(v, 64)
		wrong = append(wrong, err)
		o.Rate = rate
	}
	if err := errors.Join(wrong...); err != nil {
		return o, fmt.Errorf("fault %q: %w", o.Name, err)
	}
	return Check(o)
}
