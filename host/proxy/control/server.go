package control

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/host/breaker"
	"github.com/homeostat/homeostat/host/proxy/circuit"
)

// Proxy is what the server's side asks and tells.
type Proxy interface {
	Status() Status
	// Obey carries an order to the circuit out.
	Obey(o circuit.Order)
	// Drain begins to end the proxy and returns at once.
	Drain()
}

// callTime bounds one call.
const callTime = 5 * time.Second

// NewServer returns the proxy's end. Whoever reaches its listener may do all.
func NewServer(p Proxy) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathStatus, func(w http.ResponseWriter, _ *http.Request) { answer(w, p.Status()) })
	mux.HandleFunc("POST "+pathDrain, func(w http.ResponseWriter, _ *http.Request) {
		p.Drain()
		answer(w, p.Status())
	})
	mux.HandleFunc("POST "+pathCircuit, func(w http.ResponseWriter, r *http.Request) {
		o, err := decode(http.MaxBytesReader(w, r.Body, maxMessage))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.Obey(o)
		answer(w, p.Status())
	})
	return &http.Server{
		Handler: mux, ReadTimeout: callTime, WriteTimeout: callTime, IdleTimeout: time.Minute,
		MaxHeaderBytes: 8 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
}

func decode(r io.Reader) (circuit.Order, error) {
	var o circuit.Order
	if err := json.NewDecoder(r).Decode(&o); err != nil {
		return o, errOrder{"read the order: " + err.Error()}
	}
	switch o.State {
	case breaker.Open, breaker.HalfOpen, breaker.Closed:
		return o, nil
	}
	return o, errOrder{"state " + string(o.State) + ": want closed, open or half_open"}
}

type errOrder struct{ text string }

// Error returns what is wrong with the order.
func (e errOrder) Error() string { return e.text }

func answer(w http.ResponseWriter, s Status) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s) // a daemon that went away asks again
}
