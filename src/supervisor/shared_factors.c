#include "shared_factors.h"

#include "owned.h"

#include <stdbool.h>
#include <stdlib.h>

OWNED_TYPE(BN_CTX, BN_CTX_free)

/*
 * A binary tree in an array: the root at 1, the children of k at 2k and 2k + 1, the leaves from
 * width on. Leaves that no modulus fills are 1.
 */
struct tree {
	BIGNUM **nodes;
	size_t width;
};

static void tree_close(struct tree *tree)
{
	for (size_t k = 1; tree->nodes != NULL && k < 2 * tree->width; k++)
		BN_free(tree->nodes[k]);
	free(tree->nodes);
}

#define owned_tree __attribute__((cleanup(tree_close))) struct tree

static bool tree_open(struct tree *tree, size_t count)
{
	tree->width = 1;
	while (tree->width < count)
		tree->width *= 2;
	tree->nodes = calloc(2 * tree->width, sizeof(BIGNUM *));
	for (size_t k = 1; tree->nodes != NULL && k < 2 * tree->width; k++) {
		tree->nodes[k] = BN_new();
		if (tree->nodes[k] == NULL)
			return false;
	}
	return tree->nodes != NULL;
}

/* Each node is the product of the moduli below it. */
static bool multiply(struct tree *tree, BIGNUM *const *moduli, size_t count, BN_CTX *context)
{
	for (size_t i = 0; i < tree->width; i++) {
		BIGNUM *leaf = tree->nodes[tree->width + i];

		if (i < count ? BN_copy(leaf, moduli[i]) == NULL : BN_one(leaf) != 1)
			return false;
	}
	for (size_t k = tree->width - 1; k > 0; k--) {
		if (BN_mul(tree->nodes[k], tree->nodes[2 * k], tree->nodes[2 * k + 1], context) != 1)
			return false;
	}
	return true;
}

/* Each node becomes the product of all moduli modulo the square of what it was. */
static bool reduce(struct tree *tree, BN_CTX *context)
{
	BIGNUM *square = BN_new();
	bool is_done = square != NULL;

	for (size_t k = 2; is_done && k < 2 * tree->width; k++)
		is_done = BN_sqr(square, tree->nodes[k], context) == 1 &&
			BN_mod(tree->nodes[k], tree->nodes[k / 2], square, context) == 1;
	BN_free(square);
	return is_done;
}

/* gcd(n, (P mod n²) / n) is what n has in common with P / n, the product of the others. */
static bool compare(const struct tree *tree, BIGNUM *const *moduli, size_t count, BIGNUM **out,
	BN_CTX *context)
{
	BIGNUM *others = BN_new();
	bool is_done = others != NULL;

	for (size_t i = 0; is_done && i < count; i++)
		is_done = BN_div(others, NULL, tree->nodes[tree->width + i], moduli[i], context) == 1 &&
			BN_gcd(out[i], moduli[i], others, context) == 1;
	BN_free(others);
	return is_done;
}

enum fault shared_factors_find(BIGNUM *const *moduli, size_t count, BIGNUM **out)
{
	owned(BN_CTX) *context = BN_CTX_new();
	owned_tree tree = { 0 };

	if (context == NULL || !tree_open(&tree, count) || !multiply(&tree, moduli, count, context) ||
		!reduce(&tree, context))
		return FAULT_NO_MEMORY;
	return compare(&tree, moduli, count, out, context) ? FAULT_NONE : FAULT_NO_MEMORY;
}
