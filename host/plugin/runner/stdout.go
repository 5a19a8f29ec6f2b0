package runner

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxHandshake bounds the handshake line; with a certificate it has about 900
// bytes.
const maxHandshake = 8 << 10

// pumpStdout finds the handshake line among whatever the plugin prints, hands
// it to go-plugin, and gives all the rest to the log. go-plugin alone would
// take the first line for the handshake, and would stop reading, and so block
// the plugin, at a line of 64 KiB.
func (p *Process) pumpStdout(stdout io.Reader) {
	noiseRead, noiseWrite := io.Pipe()
	p.pumps.Add(1)
	go func() {
		defer p.pumps.Done()
		p.options.Log(noiseRead)
	}()
	defer noiseWrite.Close()
	in := bufio.NewReaderSize(stdout, maxHandshake)
	atStart := true
	for {
		piece, err := in.ReadSlice('\n')
		whole := atStart && err == nil
		atStart = err == nil
		if whole && isHandshake(piece) {
			p.mu.Lock()
			p.spoken = string(piece)
			p.mu.Unlock()
			_, _ = p.handshakeWrite.Write(piece)
			break
		}
		_, _ = noiseWrite.Write(piece)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
	_, _ = io.Copy(noiseWrite, in)
}

// isHandshake recognises "CORE|VERSION|NETWORK|ADDRESS|PROTOCOL…".
func isHandshake(line []byte) bool {
	parts := bytes.Split(line, []byte("|"))
	const least = 5
	return len(parts) >= least && isNumber(parts[0]) && isNumber(parts[1])
}

func isNumber(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0
}
