package imagefile

import "fmt"

// pageKind is what the directory of a TIFF file holds.
type pageKind uint8

const (
	fullPage pageKind = iota
	reducedPage
	maskPage // of another page, at any resolution
)

// kind tells by NewSubfileType (TIFF 6.0, section 8), or by SubfileType where
// that is absent, what the directory holds.
func (d *directory) kind() pageKind {
	const reduced, mask, oldReduced = 1, 4, 2
	if t, err := d.uint(tagNewSubfileType, 0); err == nil {
		switch {
		case t&mask != 0:
			return maskPage
		case t&reduced != 0:
			return reducedPage
		}
	}
	if t, err := d.uint(tagSubfileType, 0); err == nil && t == oldReduced {
		return reducedPage
	}
	return fullPage
}

// pages is the chain of directories of a TIFF file.
type pages struct {
	picture *directory // the page asked for, or the first full one, or the first where none is full
	asked   int        // the page asked for, from 1; 0 for none
	at      int        // its place in the chain, from 0
	n       int        // how many directories there are
	kinds   [3]int     // of each pageKind
	broken  error      // why the chain ends early, nil where it does not
}

// maxPages is the most directories that are looked at.
const maxPages = 1<<16 - 1

// walk follows the chain from the first directory. It ends where it comes back
// to an offset, and where directories take more bytes than the file has, since
// then they overlap.
func walk(first *directory, page int) *pages {
	p := &pages{picture: first, asked: page}
	seen := map[uint64]bool{first.off: true}
	left := first.src.Size()
	for d := first; ; {
		kind := d.kind()
		if page == 0 && kind == fullPage && p.kinds[fullPage] == 0 || page == p.n+1 {
			p.picture, p.at = d, p.n
		}
		p.kinds[kind]++
		p.n++
		left -= d.size()
		if d.next == 0 || seen[d.next] {
			return p
		}
		seen[d.next] = true
		if p.n == maxPages || left < 0 {
			p.broken = fmt.Errorf("expected at most %d directories that do not overlap", maxPages)
			return p
		}
		next, err := d.at(d.next)
		if err != nil {
			p.broken = err
			return p
		}
		d = next
	}
}

// check tells whether the page asked for is there.
func (p *pages) check() error {
	switch {
	case p.asked <= p.n:
		return nil
	case p.broken != nil:
		return fmt.Errorf("page %d: found %d, behind which: %w", p.asked, p.n, p.broken)
	}
	return fmt.Errorf("page %d: expected 1 to %d", p.asked, p.n)
}

// others names the pages beside the picture, and what of the chain is damaged.
func (p *pages) others() (lost []string) {
	kinds := p.kinds
	kinds[p.picture.kind()]--
	for i, name := range [...][2]string{{"a further page", "%d further pages"}, {"an overview", "%d overviews"}, {"a mask", "%d masks"}} {
		if n := kinds[i]; n > 0 {
			lost = append(lost, counted(n, name[0], name[1]))
		}
	}
	if p.broken != nil {
		lost = append(lost, fmt.Sprintf("what follows page %d (%v)", p.n, p.broken))
	}
	return lost
}

// notes says which page was read where it is not the first.
func (p *pages) notes() []string {
	if p.at == 0 || p.asked > 0 {
		return nil
	}
	return []string{fmt.Sprintf("page %d read: those before it are reduced images or masks", p.at+1)}
}

// counted is the phrase for one, or that for many with their number in it.
func counted(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, n)
}
