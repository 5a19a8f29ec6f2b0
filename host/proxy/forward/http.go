package forward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/proxy/stats"
)

// Bounds of HTTP that no operator has asked to set.
const (
	maxHeaderBytes = 64 << 10
	headerTimeout  = 10 * time.Second
	copyBuffer     = 32 << 10
	// idleToTarget is how many idle connections to the target are kept.
	idleToTarget = 64
)

type requestKey struct{}

// request is what belongs to one HTTP request under way.
type request struct {
	call    *stats.Call
	verdict *verdict
	class   stats.Class
	stop    func() bool // of the trial's timer
}

func (f *Forwarder) serveHTTP(l net.Listener) error {
	transport := f.transport()
	defer transport.CloseIdleConnections()
	h := &handler{f: f, buffers: sync.Pool{New: func() any { b := make([]byte, copyBuffer); return &b }}}
	quiet := log.New(io.Discard, "", 0)
	h.proxy = &httputil.ReverseProxy{
		Rewrite: h.rewrite, Transport: transport, ModifyResponse: h.answered, ErrorHandler: h.failed,
		BufferPool: h, ErrorLog: quiet,
	}
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: f.spec.IdleTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: quiet,
		BaseContext: func(net.Listener) context.Context { return f.ctx },
	}
	stop := context.AfterFunc(f.ctx, func() { _ = server.Close() })
	defer stop()
	err := server.Serve(newBounded(l, f.spec.MaxConnections, f.stats))
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		// Callers that keep an idle connection are let go; requests go on.
		_ = server.Shutdown(expired())
		return nil
	}
	return err
}

// expired is a context that is over: with it, Shutdown closes idle connections
// and does not wait for the others.
func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func (f *Forwarder) transport() *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			c, err := f.dial(ctx)
			if err != nil {
				return nil, err
			}
			return counted{c, f.stats}, nil
		},
		DisableCompression: true, MaxIdleConns: idleToTarget, MaxIdleConnsPerHost: idleToTarget, IdleConnTimeout: f.spec.IdleTimeout,
		ResponseHeaderTimeout: f.spec.IdleTimeout, MaxResponseHeaderBytes: 16 * maxHeaderBytes, ExpectContinueTimeout: time.Second,
		ReadBufferSize: copyBuffer, WriteBufferSize: copyBuffer,
	}
}

// counted counts what goes to and comes from the target.
type counted struct {
	*net.TCPConn
	stats *stats.Recorder
}

// Read reads from the target.
func (c counted) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.stats.Received(int64(n))
	return n, err
}

// Write writes to the target.
func (c counted) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	c.stats.Sent(int64(n))
	return n, err
}

// ReadFrom hides the connection's own, which would not be counted.
func (c counted) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c}, r)
}

// handler is the caller's side.
type handler struct {
	f       *Forwarder
	proxy   *httputil.ReverseProxy
	buffers sync.Pool
}

// Get and Put make the handler a pool of copy buffers.
func (h *handler) Get() []byte { return *h.buffers.Get().(*[]byte) }

// Put takes a buffer back.
func (h *handler) Put(b []byte) { h.buffers.Put(&b) }

// ServeHTTP passes one request on, or refuses it at once.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := h.f
	now := time.Now()
	pass, wait, ok := f.circuit.Allow(now)
	if !ok {
		f.stats.Refuse(stats.Open)
		h.refuse(w, wait)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	q := &request{call: f.stats.Begin(), verdict: &verdict{pass: pass}, class: stats.Broken, stop: func() bool { return true }}
	q.call.Ask(now)
	if pass.Trial {
		q.stop = time.AfterFunc(f.spec.MaxLatency, func() { cancel(errTrial) }).Stop
		defer q.stop()
	}
	under := &run{generation: pass.Generation, cut: cancel}
	f.enter(under)
	defer f.leave(under)
	// The handler may end by a panic, when the target breaks off an answer.
	defer func() { h.ended(ctx, q, now) }()
	h.proxy.ServeHTTP(w, r.WithContext(context.WithValue(ctx, requestKey{}, q)))
}

// ended books how the request ended.
func (h *handler) ended(ctx context.Context, q *request, began time.Time) {
	now := time.Now()
	if errors.Is(context.Cause(ctx), errCut) {
		q.class = stats.Cut
	}
	q.call.End(q.class, now)
	q.verdict.after(q.class, now.Sub(began) > h.f.spec.MaxLatency)
}

// rewrite leaves everything as the caller has sent it: the proxy stands on the
// way, and neither end has to know.
func (h *handler) rewrite(p *httputil.ProxyRequest) {
	p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = "http", h.f.spec.Target, p.In.Host
	p.Out.URL.RawQuery = p.In.URL.RawQuery // parts of it that Go does not understand included
	for _, key := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := p.In.Header[key]; ok {
			p.Out.Header[key] = values
		}
	}
}

// answered notes the beginning of the answer, which decides a trial; how long
// the rest takes is no matter of the target's speed.
func (h *handler) answered(a *http.Response) error {
	q := a.Request.Context().Value(requestKey{}).(*request)
	q.stop()
	q.class = stats.OK
	if a.StatusCode >= http.StatusInternalServerError {
		q.class = stats.Status
	}
	q.call.Answer(q.class, time.Now())
	if q.class == stats.OK {
		q.verdict.succeed()
	} else {
		q.verdict.fail()
	}
	return nil
}

// failed answers where the target has not.
func (h *handler) failed(w http.ResponseWriter, r *http.Request, err error) {
	q := r.Context().Value(requestKey{}).(*request)
	var op *net.OpError
	switch cause := context.Cause(r.Context()); {
	case errors.Is(cause, errCut):
		h.refuse(w, h.f.spec.Retry)
	case errors.Is(cause, errTrial):
		q.class = stats.Timeout
		h.refuse(w, h.f.spec.Retry)
	case cause != nil:
		q.class = stats.Abandoned
	case errors.As(err, &op) && op.Op == "dial":
		q.class = stats.Dial
		h.problem(w, http.StatusBadGateway, err.Error())
	case isTimeout(err):
		q.class = stats.Timeout
		h.problem(w, http.StatusGatewayTimeout, err.Error())
	default:
		h.problem(w, http.StatusBadGateway, err.Error())
	}
}

// refuse is the fast answer of an open link.
func (h *handler) refuse(w http.ResponseWriter, wait time.Duration) {
	status := h.f.circuit.Status(time.Now())
	seconds := max(1, int64(math.Ceil(min(wait, time.Hour).Seconds())))
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	detail := fmt.Sprintf("the link %s is %s", h.f.spec.Name(), status.State)
	if status.Reason != "" {
		detail += ": " + status.Reason
	}
	h.problem(w, http.StatusServiceUnavailable, detail)
}

// problem is an answer of the proxy itself, in the form of RFC 9457.
func (h *handler) problem(w http.ResponseWriter, code int, detail string) {
	kind := "homeostat:link-failed"
	if code == http.StatusServiceUnavailable {
		kind = "homeostat:link-open"
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": kind, "title": http.StatusText(code), "status": code, "detail": detail, "link": h.f.spec.Name(),
	})
}
