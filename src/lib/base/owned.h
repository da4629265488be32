#ifndef BASE_OWNED_H
#define BASE_OWNED_H

/*
 * owned: a local variable that is released when its scope ends, on every way out.
 *
 *	OWNED_TYPE(X509, X509_free)        once per type, in the .c or header that uses it
 *	owned(X509) *certificate = NULL;   then
 *
 * The release function is called only where the pointer is not NULL; to hand the object on, set
 * the variable to NULL after taking its value (owned_take).
 */
#define OWNED_TYPE(type, release) \
	__attribute__((unused)) static inline void owned_release_##type(type **object) \
	{ \
		if (*object != NULL) \
			release(*object); \
	}

#define owned(type) __attribute__((cleanup(owned_release_##type))) type

/* The pointer's value; the variable no longer owns it. */
#define owned_take(pointer) \
	__extension__({ \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL; \
		taken_; \
	})

/* A descriptor that is closed at the end of its scope; -1 where there is none. */
void owned_close_descriptor(const int *descriptor);

#define owned_descriptor __attribute__((cleanup(owned_close_descriptor))) int

#endif
