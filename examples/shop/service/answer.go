package service

import (
	"encoding/json"
	"net/http"

	"github.com/hashicorp/go-hclog"
)

// Answer sends body as JSON. A client that has gone meanwhile is no fault of the
// process, so that is only logged.
func Answer(w http.ResponseWriter, log hclog.Logger, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Debug("answer was not sent", "error", err)
	}
}
