package wire

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// maxFrame bounds one request or answer of a serving worker, in bytes.
const maxFrame = 32 << 20

// Request asks a serving worker for one evaluation on a fresh instance.
type Request struct {
	// Params, when Function is set, are handed to that exported function, once with
	// each of Streams.
	Function string    `json:"function,omitempty"`
	Params   []float64 `json:"params,omitempty"`
	Streams  []Stream  `json:"streams,omitempty"`
	// Seed decides the random bytes of the instance.
	Seed uint64 `json:"seed"`
	// Args and Stdin are for a program with _start instead.
	Args  []string `json:"args,omitempty"`
	Stdin []byte   `json:"stdin,omitempty"`
}

// Stream is what one call of the function is given beside the parameters.
type Stream struct {
	Seed   uint64    `json:"seed"`
	Series []float64 `json:"series,omitempty"`
}

// Answer is the outcome of one evaluation.
type Answer struct {
	End    End      `json:"end"`
	Bits   []uint64 `json:"bits,omitempty"` // the function's float64 for each stream, as IEEE 754 bits: JSON knows no NaN
	Stdout []byte   `json:"stdout,omitempty"`
	Stderr []byte   `json:"stderr,omitempty"`
}

// WriteFrame sends v with its length in front.
func WriteFrame(w io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode sandbox frame: %w", err)
	}
	frame := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body)))
	if _, err := w.Write(append(frame, body...)); err != nil {
		return fmt.Errorf("send sandbox frame: %w", err)
	}
	return nil
}

// ReadFrame receives v. A plain end before the first byte is io.EOF.
func ReadFrame(r io.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if err == io.EOF {
			return err
		}
		return fmt.Errorf("receive sandbox frame: %w", err)
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxFrame {
		return fmt.Errorf("receive sandbox frame: %d bytes, at most %d are taken", n, maxFrame)
	}
	body, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && len(body) < int(n) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("receive sandbox frame: %w", err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("receive sandbox frame: %w", err)
	}
	return nil
}
