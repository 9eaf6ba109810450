/* What LuaSec cannot do: tell which key belongs to which certificate, make a certificate, and write it for one user. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

static int refuse(lua_State *L, const char *what) {
  ERR_clear_error();
  lua_pushnil(L);
  lua_pushstring(L, what);
  return 2;
}

static int answer(lua_State *L, BIO *text) {
  const char *start;
  long length = BIO_get_mem_data(text, &start);
  ERR_clear_error();
  lua_pushlstring(L, start, (size_t)length);
  return 1;
}

/* Nobody is there to type one in. */
static int no_passphrase(char *buffer, int size, int writing, void *asked) {
  (void)buffer, (void)size, (void)writing;
  *(int *)asked = 1;
  return -1;
}

/* public_key(pem of a private key) → what LuaSec says is the certificate's public key, or nil and why. */
static int public_key(lua_State *L) {
  size_t length;
  const char *pem = luaL_checklstring(L, 1, &length);
  int asked = 0;
  BIO *from = BIO_new_mem_buf(pem, (int)length), *to = BIO_new(BIO_s_mem());
  EVP_PKEY *key = PEM_read_bio_PrivateKey(from, NULL, no_passphrase, &asked);
  int done = key != NULL && PEM_write_bio_PUBKEY(to, key);
  int results = done ? answer(L, to) : refuse(L, asked ? "needs a passphrase" : "is a broken key");
  EVP_PKEY_free(key);
  BIO_free(from);
  BIO_free(to);
  return results;
}

static int add_extension(X509 *to, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, to, to, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  int done = extension != NULL && X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
  return done;
}

static int add_serial(X509 *to) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return 0;
  bytes[0] = (bytes[0] & 0x7f) | 0x40; /* positive, and of full length */
  BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
  int done = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(to)) != NULL;
  BN_free(number);
  return done;
}

/* make("DNS:a,DNS:b", days) → certificate and key, one text of PEM; or nil and why. */
static int make(lua_State *L) {
  const char *names = luaL_checkstring(L, 1);
  int days = (int)luaL_checkinteger(L, 2);
  const unsigned char *title = (const unsigned char *)"Self-signed, trusted by nobody";
  X509 *made = X509_new();
  EVP_PKEY *key = EVP_EC_gen("P-256");
  BIO *pem = BIO_new(BIO_s_mem());
  X509_NAME *subject = X509_get_subject_name(made);
  int done = key != NULL && X509_set_version(made, 2) && add_serial(made) &&
             X509_gmtime_adj(X509_getm_notBefore(made), -3600) != NULL &&
             X509_time_adj_ex(X509_getm_notAfter(made), days, 0, NULL) != NULL &&
             X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, title, -1, -1, 0) &&
             X509_set_issuer_name(made, subject) && X509_set_pubkey(made, key) &&
             add_extension(made, NID_basic_constraints, "critical,CA:FALSE") &&
             add_extension(made, NID_ext_key_usage, "serverAuth,clientAuth") &&
             add_extension(made, NID_subject_alt_name, names) && X509_sign(made, key, EVP_sha256()) > 0 &&
             PEM_write_bio_X509(pem, made) && PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL);
  int results = done ? answer(L, pem) : refuse(L, "OpenSSL refuses");
  EVP_PKEY_free(key);
  X509_free(made);
  BIO_free(pem);
  return results;
}

/* write(path, text): a new file that only this user can read; true, or nil and why. */
static int write_private(lua_State *L) {
  size_t length;
  const char *path = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &length);
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return refuse(L, strerror(errno));
  int done = write(file, text, length) == (ssize_t)length;
  if (close(file) != 0 || !done) return refuse(L, "it could not be written whole");
  lua_pushboolean(L, 1);
  return 1;
}

int luaopen_foundry_x509(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"public_key", public_key}, {"make", make}, {"write", write_private}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
