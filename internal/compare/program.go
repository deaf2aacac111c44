package compare

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// program is a program of a peer: its name, what has it tell its version, whose version that
// is, and where in the answer it stands, as the first group.
type program struct {
	name    string
	asks    string
	of      string
	version *regexp.Regexp
}

// found is a program that is there.
type found struct {
	path    string
	version string // "" where the answer has none
}

// asking is how long a program may take to tell its version.
const asking = 10 * time.Second

// look finds a program on PATH and asks for its version.
func (p *program) look(ctx context.Context, w *Workshop) (*found, error) {
	path, err := exec.LookPath(p.name)
	if err != nil {
		return nil, errors.New("is not on PATH")
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	f := &found{path: path}
	// Some answer with an exit status of their own; what they say is what counts.
	_, said, err := w.run(ctx, []string{path, p.asks}, limits{asking, 1 << 20})
	if m := p.version.FindStringSubmatch(said); m != nil {
		f.version = clip(strings.Replace(m[1], " version ", " ", 1), 120)
		if p.of != "" {
			f.version = p.of + " " + f.version
		}
	} else if errors.Is(err, exec.ErrNotFound) || ctx.Err() != nil {
		return nil, err
	}
	return f, nil
}

// Program is a program that took part.
type Program struct {
	Name    string `json:"name"`
	Version string `json:"version"` // "" where it does not tell
}

// Missing is a peer that did not take part.
type Missing struct {
	Codec string `json:"codec"`
	Why   string `json:"why"`
}

// tools are the programs that were looked for.
type tools struct {
	shop  *Workshop
	self  *found
	cache map[string]*found
	used  []Program
}

// get finds a program once.
func (t *tools) get(ctx context.Context, p *program) (*found, error) {
	if f, ok := t.cache[p.name]; ok {
		if f == nil {
			return nil, errors.New("is not on PATH")
		}
		return f, nil
	}
	f, err := p.look(ctx, t.shop)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	t.cache[p.name] = f
	if err == nil {
		t.used = append(t.used, Program{p.name, f.version})
	}
	return f, err
}

// choose are the peers of some families that are there and take an original, and why others
// do not.
func (t *tools) choose(ctx context.Context, families []string, o *original) (all []*peer, missing []Missing, err error) {
	for _, p := range peers {
		if !slices.Contains(families, p.family) {
			continue
		}
		why := ""
		for _, program := range []*program{p.encoder, p.decoder} {
			if program == nil || why != "" {
				continue
			}
			if _, err := t.get(ctx, program); ctx.Err() != nil {
				return nil, nil, context.Cause(ctx)
			} else if err != nil {
				why = program.name + " " + err.Error()
			}
		}
		if why == "" && p.takes != nil {
			why = p.takes(o)
		}
		m := Missing{p.name, why}
		switch {
		case why == "":
			all = append(all, p)
		case !slices.Contains(missing, m):
			missing = append(missing, m)
		}
	}
	return all, missing, nil
}
