-- Which certificate each host gets: the newest valid one that covers it and whose key is there, else one that is not valid
-- now, else a self-signed one.

local read_folder = require("foundry.certificate-folder").read
local self_signed = require("foundry.self-signed")
local kept_certificates = require("foundry.kept-certificates")
local x509 = require("foundry.x509")

local idna
local function to_ascii(host)
  if idna == nil then
    local found, encodings = pcall(require, "util.encodings")
    idna = found and encodings.idna or false
  end
  return (idna and idna.to_ascii(host) or host):lower()
end

local function covers(certificate, name)
  return certificate.names[name] or certificate.names[name:gsub("^[^.]+", "*", 1)] or false
end

-- certbot keeps its history in archive; the link to the newest is what stays current.
local function current(path)
  return path:find("/archive/", 1, true) and 0 or 1
end

local function rank(certificate, name)
  local now = os.time()
  return {
    certificate.not_before <= now and certificate.not_after > now and 1 or 0,
    certificate.not_before, certificate.not_after, certificate.chain, current(certificate.path),
    certificate.names[name] and 1 or 0, -#certificate.path,
  }
end

local function is_better(a, b)
  if not b then return true end
  for i, value in ipairs(a.rank) do
    if value ~= b.rank[i] then return value > b.rank[i] end
  end
  return a.path < b.path
end

-- In the same file, else in the same folder, else the first.
local function key_for(certificate, keys)
  local function closeness(key)
    if key.path == certificate.path then return 3 end
    return (key.path:match("^(.*)/") == certificate.path:match("^(.*)/") and 2 or 0) + current(key.path)
  end
  local best
  for _, key in ipairs(keys or {}) do
    if not best or closeness(key) > closeness(best) then best = key end
  end
  return best
end

local function find(index, host)
  local name, best = to_ascii(host), nil
  for _, certificate in ipairs(index.certificates) do
    local key = certificate.position == 1 and covers(certificate, name) and key_for(certificate, index.keys[certificate.public_key])
    local found = key and { path = certificate.path, rank = rank(certificate, name), certificate = certificate, key = key }
    if found and is_better(found, best) then best = found end
  end
  if not best then return nil end
  local certificate, key = best.certificate, best.key
  return {
    path = certificate.path, key_path = key.path, serial = certificate.serial, fingerprint = certificate.fingerprint,
    not_before = certificate.not_before, not_after = certificate.not_after,
    stamp = certificate.stamp .. " " .. key.stamp, text = certificate.text .. "\n" .. key.text,
  }
end

local run_folder -- where a copy of what was in use goes when what is on disk is broken
local kept = {} -- host → what it had last

-- A tool is in the middle of writing, or somebody took the file away: what is in use stays in use, until something newer is
-- there or it expires. `found` is the best of what is on disk, or nil.
local function keep(host, found)
  local last, now = kept[host], os.time()
  if not last or last.not_after < now then return found end
  if found and (found.not_before >= last.not_before or found.fingerprint == last.fingerprint) then return found end
  if last.is_kept then return last end
  local path = kept_certificates.path(run_folder, last.fingerprint)
  os.remove(path)
  if not x509.write(path, last.text) then return found end
  local copy = { is_kept = last.path }
  for name, value in pairs(last) do copy[name] = copy[name] or value end
  copy.path, copy.key_path, copy.stamp = path, path, path
  return copy
end

local function forget_copies(chosen)
  for _, choice in pairs(kept) do
    local is_used = false
    for _, other in pairs(chosen) do is_used = is_used or other.path == choice.path end
    if choice.is_kept and not is_used then os.remove(choice.path) end
  end
end

local function add_self_signed(chosen, lacking, may_write)
  local names = {}
  for _, host in ipairs(lacking) do
    local name = to_ascii(host)
    if name:find("^[%w.-]+$") then names[#names + 1] = name end
  end
  table.sort(names)
  if #names == 0 then return nil end
  local made, problem = self_signed(names, may_write)
  for _, host in ipairs(made and lacking or {}) do
    if made.names[to_ascii(host)] then chosen[host] = made end
  end
  return problem
end

-- Wishes: folder, hosts (a sorted list), optional (set of hosts that need none), self_signed, may_write, run_folder. Answers { chosen = host → certificate,
-- lacking = hosts that got none from the folder, index = what the folder has, problem = of making a self-signed one }.
local function choose(wishes)
  run_folder = wishes.run_folder
  local result = { chosen = {}, lacking = {}, index = read_folder(wishes.folder) }
  for _, host in ipairs(wishes.hosts) do
    local choice = find(result.index, host)
    if wishes.may_write then choice = keep(host, choice) end
    result.chosen[host] = choice
    if not choice and not wishes.optional[host] then table.insert(result.lacking, host) end
  end
  if wishes.may_write then
    forget_copies(result.chosen)
    for _, host in ipairs(wishes.hosts) do kept[host] = result.chosen[host] end
  end
  if wishes.self_signed then result.problem = add_self_signed(result.chosen, result.lacking, wishes.may_write) end
  return result
end

return { choose = choose, covers = function(certificate, host) return covers(certificate, to_ascii(host)) end }
