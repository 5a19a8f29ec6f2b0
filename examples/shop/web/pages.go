package web

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"strconv"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/examples/shop/service"
)

// maxOrderBytes bounds the body of an order.
const maxOrderBytes = 4096

var front = template.Must(template.New("front").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Shop</title>
<h1>Shop</h1>
<table><tr><th>Item<th>Cents<th>Left<th>
{{range .}}<tr><td>{{.Name}}<td>{{.Price}}<td>{{.Stock}}<td>
<form method="post" action="/orders"><input type="hidden" name="item" value="{{.Name}}">
<input name="count" value="1" size="3" aria-label="pieces of {{.Name}}"> <button>Order</button></form>
{{end}}</table></html>
`))

// Pages are the web process's HTTP side: GET / for people, GET /items and POST
// /orders (a form or JSON) for programs, GET /health, which is well only when
// the store is.
func Pages(w *Web, log hclog.Logger) http.Handler {
	p := &pages{web: w, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.front)
	mux.HandleFunc("GET /items", p.items)
	mux.HandleFunc("POST /orders", p.order)
	mux.HandleFunc("GET /health", p.health)
	return mux
}

type pages struct {
	web *Web
	log hclog.Logger
}

func (p *pages) front(w http.ResponseWriter, r *http.Request) {
	items, old, err := p.web.Items(r.Context())
	if err != nil {
		p.refuse(w, err)
		return
	}
	markOld(w, old)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := front.Execute(w, items); err != nil {
		p.log.Debug("answer was not sent", "error", err)
	}
}

func (p *pages) items(w http.ResponseWriter, r *http.Request) {
	items, old, err := p.web.Items(r.Context())
	if err != nil {
		p.refuse(w, err)
		return
	}
	markOld(w, old)
	service.Answer(w, p.log, http.StatusOK, items)
}

// markOld tells a program that the goods are older than usual.
func markOld(w http.ResponseWriter, old bool) { //nolint:revive // it passes on what is so
	if old {
		w.Header().Set("Shop-Goods", "old")
	}
}

func (p *pages) order(w http.ResponseWriter, r *http.Request) {
	order, err := orderOf(w, r)
	if err != nil {
		http.Error(w, "read the order: "+err.Error(), http.StatusBadRequest)
		return
	}
	status, sold, err := p.web.Order(r.Context(), order)
	switch {
	case err == nil:
		service.Answer(w, p.log, status, sold)
	case status/100 == 4:
		http.Error(w, err.Error(), status)
	default:
		p.refuse(w, err)
	}
}

// orderOf turns the form of the front page into the JSON that the store takes,
// and leaves JSON as it is.
func orderOf(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxOrderBytes)
	if r.Header.Get("Content-Type") == "application/json" {
		return io.ReadAll(r.Body)
	}
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	count, err := strconv.Atoi(r.PostForm.Get("count"))
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"item": r.PostForm.Get("item"), "count": count})
}

func (p *pages) health(w http.ResponseWriter, r *http.Request) {
	if err := p.web.Check(r.Context()); err != nil {
		p.refuse(w, err)
		return
	}
	service.Answer(w, p.log, http.StatusOK, map[string]string{"status": "ok"})
}

// refuse answers that the store, not this process, is the trouble.
func (p *pages) refuse(w http.ResponseWriter, err error) {
	p.log.Error("request failed", "error", err)
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}
