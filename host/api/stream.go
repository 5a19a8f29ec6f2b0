package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// humagoUnwrap returns the request and the writer behind a huma context.
func humagoUnwrap(ctx huma.Context) (*http.Request, http.ResponseWriter) { return humago.Unwrap(ctx) }

func eventResponses() map[string]*huma.Response {
	return map[string]*huma.Response{"200": {
		Description: "topics: component, anomaly, incident, recovery, approval, change, plugin, mode, maintenance; data is the item as JSON. " +
			"A reader that sends Last-Event-ID gets what it missed, or the topic reset: then it reads the lists again",
		Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
}

// registerStream registers an endpoint that writes its answer itself.
func registerStream(s *Server, o huma.Operation, run func(http.ResponseWriter, *http.Request)) {
	type lastIn struct {
		LastEventID string `header:"Last-Event-ID" maxLength:"64" doc:"the id of the last event that the reader had"`
	}
	huma.Register(s.api, o, func(context.Context, *lastIn) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			r, w := humagoUnwrap(ctx)
			run(w, r)
		}}, nil
	})
}
