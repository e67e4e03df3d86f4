// BuildKit's own reading of Dockerfiles, for interop/dockerfile.test.ts: a JSON list of cases in, a list of answers out.
// Every image it asks for has a config whose label says the name, so that the label of what is built names the last base.
package main

import (
	"context"
	"encoding/json"
	"os"
	"sort"
	"strings"
	"sync"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

type testCase struct {
	Text     string            `json:"text"`
	Args     map[string]string `json:"args"`
	Target   string            `json:"target"`
	Platform string            `json:"platform"`
}

type answer struct {
	Error  string   `json:"error,omitempty"`
	Base   string   `json:"base,omitempty"`
	Images []string `json:"images,omitempty"`
}

const label = "dev.seaworthy.ref"

type resolver struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (r *resolver) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	r.mu.Lock()
	r.seen[ref] = true
	r.mu.Unlock()
	config, err := json.Marshal(map[string]any{
		"os": "linux", "architecture": "amd64",
		"config": map[string]any{"Labels": map[string]string{label: ref}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest.FromString(ref).String()}},
	})
	return ref, digest.FromBytes(config), config, err
}

func read(c testCase) (result answer) {
	r := &resolver{seen: map[string]bool{}}
	parts := strings.SplitN(c.Platform+"//", "/", 4)
	platform := ocispecs.Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2]}
	converted, err := dockerfile2llb.Dockerfile2LLB(context.Background(), []byte(c.Text), dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{BuildArgs: c.Args, Target: c.Target},
		TargetPlatform: &platform,
		MetaResolver:   r,
	})
	if err != nil {
		return answer{Error: err.Error()}
	}
	result.Base = "scratch"
	if ref, ok := converted.Image.Config.Labels[label]; ok {
		result.Base = ref
	}
	for ref := range r.seen {
		result.Images = append(result.Images, ref)
	}
	sort.Strings(result.Images)
	return result
}

func main() {
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	answers := make([]answer, len(cases))
	for at, one := range cases {
		answers[at] = read(one)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
