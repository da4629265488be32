#include "document.h"

#include <assert.h>
#include <stdlib.h>

struct document *document_make(size_t len)
{
	struct document *document = malloc(sizeof(*document) + len);

	if (document == NULL)
		return NULL;
	document->holders = 1;
	document->list = 0;
	document->len = len;
	return document;
}

struct document *document_hold(struct document *document)
{
	if (document != NULL)
		document->holders++;
	return document;
}

void document_release(struct document *document)
{
	if (document == NULL)
		return;
	assert(document->holders > 0);
	if (--document->holders == 0)
		free(document);
}
