-- What the table of options says to people: the same for `help`, the README and the schema.

local environment = require("foundry.environment")
local needs = require("foundry.needs")

-- What a text of a type looks like.
local types = {
  account = "an address, or its part before the @",
  addresses = "addresses (user@domain), with commas or spaces between them",
  ["addresses-ip"] = "IP addresses, with commas or spaces between them",
  boolean = "true, yes, on, 1, or false, no, off, 0",
  component = "a domain, or none",
  components = "domain:type, with commas or spaces between them",
  days = "a number of days, or never",
  domain = "a domain name",
  domains = "domain names, with commas or spaces between them",
  external = "domain:secret or domain, with commas or spaces between them; in a file, a line each",
  file = "a path in the container",
  folder = "a path in the container",
  folders = "paths in the container, with commas or spaces between them",
  glob = "a path in the container; its last part may hold * and ?",
  integer = "a whole number",
  interfaces = "IP addresses or *, with commas or spaces between them",
  ldap = "host, host:port or ldaps://host, with commas or spaces between them",
  links = "addresses with a scheme (mailto:…, xmpp:…, https://…), with commas or spaces between them",
  modules = "names of modules, with or without mod_, with commas or spaces between them",
  network = "an IP address or network (10.0.0.0/8)",
  networks = "IP addresses or networks (10.0.0.0/8), with commas or spaces between them",
  number = "a number",
  period = "seconds, or a time (90s, 10m, 12h, 3d, 1w)",
  port = "a port (1 to 65535)",
  ports = "ports, with commas or spaces between them, or none",
  rate = "a rate (10kb/s, 1mb/s)",
  size = "bytes, or a size (512kb, 10mb)",
  stores = "store:backend, with commas or spaces between them",
  text = "any text",
  url = "an address of the web (https://…)",
}

local scales = {
  period = { { "d", 86400 }, { "h", 3600 }, { "m", 60 } },
  size = { { "mb", 1024 * 1024 }, { "kb", 1024 } },
}

-- 3600 → 1h: as somebody would write it.
local function short_text(value, scale)
  for _, step in ipairs(scale or {}) do
    if value >= step[2] and value % step[2] == 0 then return value // step[2] .. step[1] end
  end
  return tostring(value)
end

local function default_text(option)
  local value = option.default
  if option.usually then return option.usually end
  if value == nil or type(value) == "table" and #value == 0 then return nil end
  if type(value) == "table" then return table.concat(value, ",") end
  return short_text(value, scales[option.type])
end

local function form_text(option)
  if option.choices then return table.concat(option.choices, ", ") end
  local form = types[option.type] or option.type
  if option.words then form = form .. ", or " .. table.concat(option.words, ", ") end
  if option.least then form = form .. ", at least " .. option.least end
  if option.most then form = form .. ", at most " .. option.most end
  return form
end

local function other_names(option)
  local names = {}
  for _, entry in ipairs(environment.names_of(option)) do names[#names + 1] = entry.name end
  table.remove(names, 1)
  return names
end

local function list_of(value)
  return type(value) == "table" and value or { value }
end

-- Each thing that an option is of no use without.
local function needs_of(option)
  local list = {}
  for _, conditions in ipairs({ option.needs or {}, option.wants or {} }) do
    for _, condition in ipairs(needs.list_of(conditions)) do list[#list + 1] = needs.text_of(condition) end
  end
  return list
end

return { needs_of = needs_of, default_text = default_text, form_text = form_text, other_names = other_names, list_of = list_of }
