-- Gives Prosody the certificates as options of its hosts: when the configuration is read, and before each start or reload
-- of what uses them, then for hosts of conf.d, too.

local certificates = require("foundry.certificates")
local load_library = require("foundry.core")

-- Ports with TLS from the start, as portmanager calls their services.
local direct = { "https_ssl", "c2s_direct_tls_ssl", "s2s_direct_tls_ssl", "legacy_ssl_ssl" }

local prepared -- wishes of the configuration that was read last, which may have failed
local wishes -- of the one in force: see certificates.choose; `domain` and `hostname` are whose certificate is shown where no name is asked for
local latest -- what was chosen last
local nowhere = "/usr/lib/prosody-foundry/certificates"
local ours = setmetatable({}, { __mode = "k" }) -- tables that were made here → somebody's own that is in them, or false

local function is_server()
  local server = rawget(_G, "prosody")
  return server ~= nil and server.process_type == "prosody"
end

local function as_option(choice)
  local option = choice and { certificate = choice.path, key = choice.key_path } or {}
  ours[option] = false
  return option
end

-- `hosts` need a certificate; `more` are names that get one if there is one. Nothing is written while the configuration is
-- being read: what a raw file says is not known yet.
local function choose(hosts, more, may_write)
  local set, list = {}, {}
  wishes.optional = {}
  for _, host in ipairs(more) do
    wishes.optional[host], set[host] = true, true
  end
  for _, host in ipairs(hosts) do
    wishes.optional[host], set[host] = nil, true
  end
  for host in pairs(set) do list[#list + 1] = host end
  table.sort(list)
  wishes.hosts, wishes.may_write = list, may_write
  latest = certificates.choose(wishes)
end

-- Somebody's own, whether or not ours is in it by now.
local function own(option)
  if ours[option] ~= nil then return ours[option] or nil end
  return option
end

-- An option of somebody's own that names a certificate stays; one that does not gets ours beside it.
local function merge(theirs, choice)
  theirs = own(theirs)
  if theirs == nil then return as_option(choice) end
  if type(theirs) ~= "table" or theirs.certificate or not choice then return theirs end
  local merged = as_option(choice)
  ours[merged] = theirs
  for name, value in pairs(theirs) do merged[name] = value end
  return merged
end

-- Certificates of a host by the option that names them; on the web it may have another name.
local function choices_for(host, web_name)
  local choices = { ssl = latest.chosen[host] or false }
  for _, name in ipairs(direct) do choices[name] = choices.ssl end
  choices.https_ssl = web_name and latest.chosen[web_name] or choices.ssl
  return choices
end

local function names_certificate(option)
  return type(own(option)) == "table" and own(option).certificate ~= nil
end

-- Somebody's own that names one, of a host or, as Prosody has it, of all.
local function find_own(get, host)
  for _, place in ipairs({ host, "*" }) do
    if names_certificate(get(place, "ssl")) then return own(get(place, "ssl")) end
  end
end

-- Somebody's own in another place than theirs: not to be taken for it the next time.
local function lend(option)
  local lent = {}
  for name, value in pairs(option) do lent[name] = value end
  ours[lent] = false
  return lent
end

local function set_global(set, get)
  for _, name in ipairs(direct) do
    local choice = name == "https_ssl" and latest.chosen[wishes.hostname] or latest.chosen[wishes.domain]
    local given = own(get("*", name))
    local lent = given == nil and find_own(get, wishes.domain)
    -- Where nothing else is said, Prosody takes the global `ssl`; this must not hide it.
    if given == nil then given = get("*", "ssl") end
    set("*", name, lent and lend(lent) or merge(given, choice))
  end
end

-- `general` has somebody's own for a port, of all hosts: it serves those that have nothing better.
local function set_host(set, get, host, web_name, general)
  local theirs = find_own(get, host)
  for name, choice in pairs(choices_for(host, web_name)) do
    local given, is_good = own(get(host, name)), choice and not choice.self_signed
    local lent = given == nil and (theirs or not is_good and general[name])
    set(host, name, lent and lend(lent) or merge(given, choice or nil))
  end
end

-- A raw file may name another folder than the environment, from its own on.
local function find_folder(get)
  local folder = get("*", "certificates")
  if type(folder) ~= "string" or folder == nowhere then return end
  wishes.folder = folder:find("^/") and folder or "/etc/prosody/" .. folder
end

local function apply_to(configmanager)
  local get, set = configmanager.rawget, configmanager.set
  local web_names, hosts, more = {}, {}, {}
  wishes = prepared
  find_folder(get)
  for host, options in pairs(configmanager.getconfig()) do
    if host ~= "*" and rawget(options, "enabled") ~= false then
      web_names[host] = get(host, "https_host") or get(host, "http_host") or false
      -- `certificate` of a host is Prosody's own way to name one.
      local has_own = get(host, "certificate") or find_own(get, host)
      hosts[#hosts + 1] = not has_own and host or nil
      more[#more + 1] = not has_own and web_names[host] or nil
    end
  end
  if not find_own(get, wishes.domain) then more[#more + 1] = wishes.hostname end
  choose(hosts, more, true)
  local general = {}
  for _, name in ipairs(direct) do general[name] = names_certificate(get("*", name)) and own(get("*", name)) or nil end
  set_global(set, get)
  for host, web_name in pairs(web_names) do
    if not get(host, "certificate") then set_host(set, get, host, web_name, general) end
  end
end

local is_attached = false
local function attach()
  if is_attached or not is_server() then return end
  is_attached = true
  local function apply() apply_to(load_library("core.configmanager")) end
  prosody.events.add_handler("server-starting", apply, 1000)
  prosody.events.add_handler("config-reloaded", apply, 1000)
  prosody.events.add_handler("server-stopped", require("foundry.kept-certificates").remove)
end

-- Whether something else would be chosen now than is in use.
local function has_changed()
  local before = latest.chosen
  latest = certificates.choose(wishes)
  local changed = false
  for _, host in ipairs(wishes.hosts) do
    local old, new = before[host] or {}, latest.chosen[host] or {}
    local is_same = old.fingerprint == new.fingerprint and (old.stamp == new.stamp or new.is_kept)
    changed = changed or not is_same
  end
  return changed
end

return {
  -- Called once each time the configuration is read.
  prepare = function(given)
    prepared = given
    if not is_attached then
      wishes = given
      choose(given.known, { given.hostname }, false)
    end
    attach()
  end,
  -- For hosts of the configuration that is being read.
  options_for = function(host)
    local options = {}
    for name, choice in pairs(choices_for(host)) do options[name] = as_option(choice or nil) end
    return options
  end,
  has_changed = has_changed,
  latest = function() return latest, wishes end,
  nowhere = nowhere,
}
