package schema

import (
	"bytes"
	"fmt"

	"github.com/BurntSushi/toml"
)

// Raw is a table that is handed on without being understood. The zero value is an empty table.
type Raw map[string]any

// TOML returns the table as TOML text of its own, with its keys at the top level. An empty table is an empty text.
func (r Raw) TOML() ([]byte, error) {
	var out bytes.Buffer
	if err := toml.NewEncoder(&out).Encode(map[string]any(r)); err != nil {
		return nil, fmt.Errorf("write a plugin's table as TOML: %w", err)
	}
	return out.Bytes(), nil
}
