// Records where HashiCorp's own parser (hcl/v2 v2.24) has the strings of HCL files: tests/formats/hcl/recorded.json.
//
//	go mod init oracle && go get github.com/hashicorp/hcl/v2@v2.24.0 && go build -o oracle .
//	./oracle FILE… > answers.jsonl
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

type walker struct{ out [][2]int }

func (w *walker) Enter(n hclsyntax.Node) hcl.Diagnostics {
	if t, ok := n.(*hclsyntax.TemplateExpr); ok {
		w.out = append(w.out, [2]int{t.SrcRange.Start.Byte, t.SrcRange.End.Byte})
	}
	if t, ok := n.(*hclsyntax.TemplateWrapExpr); ok {
		w.out = append(w.out, [2]int{t.SrcRange.Start.Byte, t.SrcRange.End.Byte})
	}
	return nil
}
func (w *walker) Exit(n hclsyntax.Node) hcl.Diagnostics { return nil }

func main() {
	enc := json.NewEncoder(os.Stdout)
	for _, p := range os.Args[1:] {
		data, err := os.ReadFile(p)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		f, diags := hclsyntax.ParseConfig(data, p, hcl.Pos{Line: 1, Column: 1})
		w := &walker{out: [][2]int{}}
		if f != nil {
			hclsyntax.Walk(f.Body.(*hclsyntax.Body), w)
		}
		sort.Slice(w.out, func(i, j int) bool { return w.out[i][0] < w.out[j][0] })
		enc.Encode(map[string]any{"path": p, "strings": w.out, "error": diags.HasErrors()})
	}
}
