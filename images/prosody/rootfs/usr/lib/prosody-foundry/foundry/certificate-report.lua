-- What there is to say of certificates, as { level, sentence }.

local day, soon = 86400, 21
local most_told = 20

local function date(time)
  return os.date("!%Y-%m-%d", time)
end

local function parent_of(host, chosen)
  local parent = host:match("%.(.+)$")
  while parent do
    if chosen[parent] and not chosen[parent].self_signed then return parent end
    parent = parent:match("%.(.+)$")
  end
end

-- Hosts by what they share, each group once and in order: { { what, hosts }, … }.
local function group(hosts, share)
  local groups, by = {}, {}
  for _, host in ipairs(hosts) do
    local what = share(host)
    if what and not by[what] then
      by[what] = { what = what, hosts = {} }
      groups[#groups + 1] = by[what]
    end
    if what then table.insert(by[what].hosts, host) end
  end
  return groups
end

local function add_choices(say, result, hosts)
  local function by_file(host) return result.chosen[host] and result.chosen[host].path end
  for _, entry in ipairs(group(hosts, by_file)) do
    local choice = result.chosen[entry.hosts[1]]
    say("info", "Certificate of %s: %s, serial %s, SHA-256 %s, valid until %s", table.concat(entry.hosts, ", "), choice.path,
      choice.serial, choice.fingerprint, date(choice.not_after))
  end
end

local function add_dates(say, result, hosts)
  local now = os.time()
  local function by_file(host) return result.chosen[host] and result.chosen[host].path end
  for _, entry in ipairs(group(hosts, by_file)) do
    local choice, names = result.chosen[entry.hosts[1]], table.concat(entry.hosts, ", ")
    if choice.not_after <= now then
      say("error", "The certificate of %s, %s, expired on %s: renew it.", names, choice.path, date(choice.not_after))
    elseif choice.not_before > now then
      say("error", "The certificate of %s, %s, is valid from %s only: look at the clock.", names, choice.path, date(choice.not_before))
    elseif choice.not_after < now + soon * day and not choice.self_signed then
      say("warn", "The certificate of %s, %s, expires in %d days, on %s: renew it.", names, choice.path,
        (choice.not_after - now) // day, date(choice.not_after))
    end
    if choice.is_kept then
      say("warn", "%s is gone or broken: %s keep what was there, until the next start.", choice.is_kept, names)
    end
  end
end

local function consequence(result, hosts)
  if result.chosen[hosts[1]] then
    return "a self-signed one is used, which no client and no other server trusts: good for a first try, and for nothing else"
  end
  return "nobody can reach that securely" .. (result.problem and (" (a self-signed one %s)"):format(result.problem) or "")
end

local function add_lacks(say, result)
  local function by_parent(host) return parent_of(host, result.chosen) or "" end
  for _, entry in ipairs(group(result.lacking, by_parent)) do
    local names = table.concat(entry.hosts, ", ")
    if entry.what == "" then
      say("warn", "There is no certificate for %s in %s: %s.", names, result.index.path, consequence(result, entry.hosts))
    else
      say("warn", "The certificate of %s does not cover %s: %s. Have it issued for these names, too, or for *.%s.", entry.what,
        names, consequence(result, entry.hosts), entry.what)
    end
  end
end

local function add_list(say, sentences)
  for i, sentence in ipairs(sentences) do
    if i <= most_told then say("warn", "%s", sentence) end
  end
  if #sentences > most_told then say("warn", "%d more files like these are not named.", #sentences - most_told) end
end

-- What would have been for a host that lacks one.
local function add_reasons(say, result, covers)
  local index = result.index
  if not index.exists then say("warn", "There is no folder %s.", index.path) end
  if #index.dangling > 0 then
    say("warn", "%d links lead nowhere in this container, %s for one: mount the folder they lead to, too. For certbot that is"
      .. " the whole of /etc/letsencrypt, not its live folder alone.", #index.dangling, index.dangling[1])
  end
  add_list(say, index.unreadable)
  for _, host in ipairs(result.lacking) do
    for _, certificate in ipairs(index.certificates) do
      if not covers(certificate, host) then
        -- of another host
      elseif not index.keys[certificate.public_key] then
        say("warn", "%s is for %s, and no file here is its key.", certificate.path, host)
      elseif certificate.position > 1 then
        say("warn", "%s has the certificate of %s after others: it has to come first.", certificate.path, host)
      end
    end
  end
end

-- All there is to say of what was chosen for these hosts.
return function(result, hosts, covers)
  local said = {}
  local function say(level, sentence, ...) said[#said + 1] = { level = level, sentence = sentence:format(...) } end
  add_choices(say, result, hosts)
  add_dates(say, result, hosts)
  add_lacks(say, result)
  if #result.lacking > 0 then add_reasons(say, result, covers) end
  add_list(say, result.index.broken)
  return said
end
