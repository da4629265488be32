#include "state.h"

#include "encoding.h"
#include "options.h"
#include "owned.h"

#include <jansson.h>
#include <stdio.h>

enum { STATE_MAX = 4096, STATE_VERSION = 1, HANDLE_TEXT = 11 };

OWNED_TYPE(json_t, json_decref)

/* A member's text into a field; an absent one leaves it empty. */
static bool take_text(const json_t *root, const char *name, char *out, size_t capacity)
{
	const char *text = json_string_value(json_object_get(root, name));

	if (text == NULL)
		return json_object_get(root, name) == NULL;
	if (strlen(text) >= capacity)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool take_handle(const json_t *root, const char *name, uint32_t *out)
{
	char text[HANDLE_TEXT] = "";
	uint8_t octets[4];

	if (!take_text(root, name, text, sizeof(text)))
		return false;
	if (text[0] == '\0')
		return true;
	if (strncmp(text, "0x", 2) != 0 ||
		hex_decode(bytes_of_string(text + 2), octets, sizeof(octets)) != FAULT_NONE)
		return false;
	*out = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
		octets[3];
	return true;
}

static bool take_ek(const json_t *root, struct state *state)
{
	char name[8] = "";
	char id[HEX_CAPACITY(32)] = "";
	size_t count;
	const struct template_row *rows = template_rows(&count);

	if (!take_text(root, "ek", name, sizeof(name)) || !take_text(root, "ek_id", id, sizeof(id)))
		return false;
	for (size_t i = 0; i < count; i++)
		if (rows[i].is_ek && strcmp(rows[i].name, name) == 0)
			state->ek = rows[i].template;
	state->has_ek_id = hex_decode(bytes_of_string(id), state->ek_id, 32) == FAULT_NONE;
	return (state->ek != TEMPLATE_NONE || name[0] == '\0') &&
	       (state->has_ek_id || id[0] == '\0');
}

/* Both members, or neither. */
static bool take_former(const json_t *root, struct state *state)
{
	char id[HEX_CAPACITY(32)] = "";

	if (!take_handle(root, "former_handle", &state->former_handle) ||
		!take_text(root, "former_ik_id", id, sizeof(id)))
		return false;
	if (state->former_handle == 0)
		return id[0] == '\0';
	return hex_decode(bytes_of_string(id), state->former_ik_id, 32) == FAULT_NONE;
}

static bool take_shown(const json_t *root, struct state *state)
{
	char id[HEX_CAPACITY(32)] = "";

	if (!take_text(root, "shown_ik_id", id, sizeof(id)))
		return false;
	state->has_shown_ik_id = hex_decode(bytes_of_string(id), state->shown_ik_id, 32) == FAULT_NONE;
	return state->has_shown_ik_id || id[0] == '\0';
}

static bool is_ours(uint32_t handle)
{
	return handle >= PERSISTENT_HANDLE(IK_HANDLE_FIRST) &&
	       handle <= PERSISTENT_HANDLE(IK_HANDLE_LAST);
}

/* What comes from the file goes the way of the command line: the same rules. */
static bool is_valid(const struct state *state)
{
	return (state->ca[0] == '\0' || ca_url_is_valid(state->ca)) &&
		(state->serial[0] == '\0' || serial_is_valid(state->serial)) &&
		(state->profile[0] == '\0' || profile_is_valid(state->profile)) &&
		(state->handle == 0 || is_ours(state->handle)) &&
		(state->former_handle == 0 || is_ours(state->former_handle));
}

static bool take_all(const json_t *root, struct state *state)
{
	return json_integer_value(json_object_get(root, "version")) == STATE_VERSION &&
	       take_text(root, "ca", state->ca, sizeof(state->ca)) &&
	       take_text(root, "serial", state->serial, sizeof(state->serial)) &&
	       take_text(root, "profile", state->profile, sizeof(state->profile)) &&
	       take_handle(root, "handle", &state->handle) &&
	       take_handle(root, "parent", &state->parent) && take_ek(root, state) &&
	       take_former(root, state) && take_shown(root, state) && is_valid(state);
}

enum fault state_read(const struct directory *directory, struct state *out)
{
	uint8_t buffer[STATE_MAX];
	struct bytes text;
	struct state state = { 0 };

	*out = state;
	enum fault fault = directory_read(directory, "state.json", buffer, sizeof(buffer), &text);
	if (fault == FAULT_NOT_FOUND || fault == FAULT_DENIED)
		return fault;
	owned(json_t) *root = fault == FAULT_NONE
		? json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL)
		: NULL;
	if (root == NULL || !take_all(root, &state))
		return failure_set(directory->failure, EXIT_LOCAL_FILES,
			"remove that file and run it again with --ca, --ca-cert and --serial",
			"%s/state.json is not one that genuine-device wrote", directory->path);
	*out = state;
	return FAULT_NONE;
}

static void put_text(json_t *root, const char *name, const char *text)
{
	if (text[0] != '\0')
		(void)json_object_set_new(root, name, json_string(text));
}

static void put_handle(json_t *root, const char *name, uint32_t handle)
{
	char text[HANDLE_TEXT];

	(void)snprintf(text, sizeof(text), "0x%08x", handle);
	put_text(root, name, handle == 0 ? "" : text);
}

static void put_id(json_t *root, const char *name, bool is_there, const uint8_t id[32])
{
	char text[HEX_CAPACITY(32)];

	hex_encode(bytes_of(id, 32), text, sizeof(text));
	put_text(root, name, is_there ? text : "");
}

static json_t *json_of(const struct state *state)
{
	json_t *root = json_pack("{s:i}", "version", STATE_VERSION);
	const struct template_row *ek = template_row(state->ek);

	put_text(root, "ca", state->ca);
	put_text(root, "serial", state->serial);
	put_text(root, "profile", state->profile);
	put_handle(root, "handle", state->handle);
	put_handle(root, "parent", state->parent);
	if (ek != NULL)
		put_text(root, "ek", ek->name);
	put_id(root, "ek_id", state->has_ek_id, state->ek_id);
	put_handle(root, "former_handle", state->former_handle);
	put_id(root, "former_ik_id", state->former_handle != 0, state->former_ik_id);
	put_id(root, "shown_ik_id", state->has_shown_ik_id, state->shown_ik_id);
	return root;
}

enum fault state_write(const struct directory *directory, const struct state *state)
{
	char text[STATE_MAX];
	owned(json_t) *root = json_of(state);
	size_t len = json_dumpb(root, text, sizeof(text) - 1, JSON_INDENT(2));

	if (len == 0 || len >= sizeof(text))
		return failure_set(directory->failure, EXIT_OTHER, "free some and run it again",
			"there is no memory left to write state.json");
	text[len] = '\n';
	return directory_write(directory, "state.json", bytes_of(text, len + 1), 0600);
}
