package imagefile

import "fmt"

// pageKind is what the directory of a TIFF file holds.
type pageKind uint8

const (
	fullPage pageKind = iota
	reducedPage
	maskPage    // of another page
	reducedMask // of an overview
)

// kind tells by NewSubfileType (TIFF 6.0, section 8), or by SubfileType where
// that is absent, what the directory holds.
func (d *directory) kind() pageKind {
	const reduced, mask, oldReduced = 1, 4, 2
	if t, err := d.uint(tagNewSubfileType, 0); err == nil {
		switch {
		case t&mask != 0 && t&reduced != 0:
			return reducedMask
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
	mask    *directory // the picture's, nil for none
	asked   int        // the page asked for, from 1; 0 for none
	at      int        // its place in the chain, from 0
	n       int        // how many directories there are
	kinds   [4]int     // of each pageKind
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
	masks := false // behind the picture, if it is a full page, and before the next one
	for d := first; ; {
		kind := d.kind()
		if page == 0 && kind == fullPage && p.kinds[fullPage] == 0 || page == p.n+1 {
			p.picture, p.at = d, p.n
		}
		switch {
		case kind == fullPage:
			masks = p.picture == d
		case masks && p.mask == nil && kind == maskPage && d.masks(p.picture):
			p.mask = d
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

// masks tells whether the mask in d has the size of a picture.
func (d *directory) masks(picture *directory) bool {
	for _, tag := range []uint16{tagImageWidth, tagImageLength} {
		v, err := d.uint(tag, 0)
		w, err2 := picture.uint(tag, 0)
		if err != nil || err2 != nil || v != w {
			return false
		}
	}
	return true
}

// beside counts the pages of each kind beside the picture and its mask.
func (p *pages) beside() [4]int {
	kinds := p.kinds
	kinds[p.picture.kind()]--
	if p.mask != nil {
		kinds[maskPage]--
	}
	return kinds
}

// lost names the pages that are left out, and what of the chain is damaged. Overviews are
// made of the picture, and masks of overviews of its mask: they are not among them.
func (p *pages) lost() (lost []string) {
	kinds := p.beside()
	if n := kinds[fullPage]; n > 0 {
		lost = append(lost, counted(n, "a further page", "%d further pages"))
	}
	if n := kinds[maskPage]; n > 0 {
		lost = append(lost, counted(n, "a mask", "%d masks"))
	}
	if p.broken != nil {
		lost = append(lost, fmt.Sprintf("what follows page %d (%v)", p.n, p.broken))
	}
	return lost
}

// notes says which page was read where it is not the first, and which pages are made anew
// when they are asked for.
func (p *pages) notes() (notes []string) {
	if p.at > 0 && p.asked == 0 {
		notes = append(notes, fmt.Sprintf("page %d read: those before it are reduced images or masks", p.at+1))
	}
	if n := p.beside()[reducedPage]; n > 0 {
		notes = append(notes, counted(n, "an overview is", "%d overviews are")+" made anew")
	}
	return notes
}

// counted is the phrase for one, or that for many with their number in it.
func counted(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, n)
}
