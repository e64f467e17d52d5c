package book

import (
	"slices"

	"hashyard"
)

// level is one price; its orders are in time order.
type level struct {
	price       hashyard.MilliCentsPerTH
	head, tail  *node
	units       int64
	count       int
	nextOnShelf *level
}

type node struct {
	order      Order
	level      *level
	prev, next *node
}

func (b *Book) best(s Side) *level {
	if ls := b.sides[s]; len(ls) > 0 {
		return ls[len(ls)-1]
	}
	return nil
}

// find gives the place of a price on a side, where the best price is last:
// bids ascend, asks descend.
func (b *Book) find(s Side, price hashyard.MilliCentsPerTH) (int, bool) {
	return slices.BinarySearchFunc(b.sides[s], price, func(l *level, p hashyard.MilliCentsPerTH) int {
		d := 0
		switch {
		case l.price < p:
			d = -1
		case l.price > p:
			d = 1
		}
		if s == Ask {
			return -d
		}
		return d
	})
}

func (b *Book) rest(o Order) {
	n := b.takeNode()
	n.order = o
	i, ok := b.find(o.Side, o.Price)
	var l *level
	if ok {
		l = b.sides[o.Side][i]
	} else {
		l = b.takeLevel()
		l.price = o.Price
		b.sides[o.Side] = slices.Insert(b.sides[o.Side], i, l)
	}
	n.level, n.prev = l, l.tail
	if l.tail == nil {
		l.head = n
	} else {
		l.tail.next = n
	}
	l.tail = n
	l.units += o.Units
	l.count++
	if o.TIF == GTD {
		b.gtd++
	}
	b.orders[o.ID] = n
}

// take lowers what is left of a resting order and says what that is.
func (b *Book) take(n *node, units int64) int64 {
	n.order.Units -= units
	n.level.units -= units
	return n.order.Units
}

func (b *Book) remove(n *node) {
	l := n.level
	if n.prev == nil {
		l.head = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		l.tail = n.prev
	} else {
		n.next.prev = n.prev
	}
	l.units -= n.order.Units
	l.count--
	if n.order.TIF == GTD {
		b.gtd--
	}
	s := n.order.Side
	delete(b.orders, n.order.ID)
	*n = node{next: b.nodes}
	b.nodes = n
	if l.count > 0 {
		return
	}
	i, _ := b.find(s, l.price)
	b.sides[s] = slices.Delete(b.sides[s], i, i+1)
	*l = level{nextOnShelf: b.levels}
	b.levels = l
}

func (b *Book) takeNode() *node {
	n := b.nodes
	if n == nil {
		return new(node)
	}
	b.nodes = n.next
	n.next = nil
	return n
}

func (b *Book) takeLevel() *level {
	l := b.levels
	if l == nil {
		return new(level)
	}
	b.levels = l.nextOnShelf
	l.nextOnShelf = nil
	return l
}
