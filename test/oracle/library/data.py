"""Runs through modules about data formats."""

import base64
import binascii
import calendar
import configparser
import csv
import email
import email.message
import email.policy
import io
import json.decoder
import json.encoder
import json.scanner
import mimetypes
import netrc
import plistlib
import tomllib
import urllib.parse
import wave
import xml.etree.ElementPath
import xml.etree.ElementTree
import zipfile

OBJECT = {'a': [1, 2.5, True, None, 'x\n"\u00e9'], 'b': {'c': {}}, 'd': []}


def case_json_encoder():
    encoder = json.encoder.JSONEncoder(indent=2, sort_keys=True)
    made = json.encoder._make_iterencode(
        {},
        encoder.default,
        json.encoder.py_encode_basestring_ascii,
        '  ',
        float.__repr__,
        ': ',
        ',',
        True,
        False,
        False,
    )
    return ''.join(made(OBJECT, 0))


def case_json_decoder():
    decoder = json.decoder.JSONDecoder()
    decoder.parse_string = json.decoder.py_scanstring
    decoder.scan_once = json.scanner.py_make_scanner(decoder)
    return decoder.decode('{"a": [1, 2.5e3, true, null, "x\\n\\u00e9"], "b": {"c": {}}}')


def case_json_error():
    decoder = json.decoder.JSONDecoder()
    decoder.scan_once = json.scanner.py_make_scanner(decoder)
    try:
        decoder.decode('{"a": [1, }')
    except json.JSONDecodeError as error:
        return error.lineno, error.colno, str(error)


def case_configparser():
    parser = configparser.ConfigParser()
    parser.read_string('[DEFAULT]\nhome = /h\n[one]\npath = %(home)s/x\n  more\n# no\nflag = yes\n[two]\nn = 5\n')
    parser['two']['m'] = '6'
    out = io.StringIO()
    parser.write(out)
    return parser.get('one', 'path'), parser.getboolean('one', 'flag'), parser.getint('two', 'n'), out.getvalue()


def case_csv_sniffer():
    sample = 'name;age;town\n"ann; b";31;"x"\n"bob";32;"y"\n'
    dialect = csv.Sniffer().sniff(sample)
    return dialect.delimiter, csv.Sniffer().has_header(sample)


def case_csv_dict():
    out = io.StringIO()
    writer = csv.DictWriter(out, ['a', 'b'], extrasaction='ignore')
    writer.writeheader()
    writer.writerows([{'a': 1, 'b': 2, 'c': 3}, {'a': 4}])
    return [row for row in csv.DictReader(io.StringIO(out.getvalue()))]


def case_urls():
    url = urllib.parse.urlsplit('https://user:pw@host:80/a/b;p?q=1&r=%20x#frag')
    joined = urllib.parse.urljoin('http://a/b/c/d', '../e?x=1')
    query = urllib.parse.parse_qs('a=1&b=2&a=%C3%A9')
    return url.port, url.hostname, joined, query, urllib.parse.quote('a b/\u00e9'), urllib.parse.urlencode(query, True)


def case_email():
    message = email.message.EmailMessage()
    message['Subject'] = 'Gr\u00fc\u00dfe'
    message['To'] = 'Ann <ann@example.org>, bob@example.org'
    message.set_content('Hello\n')
    return message.as_string(), message['to'].addresses


def case_email_parser():
    text = (
        'From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x\nContent-Type: text/html\n\n2\n--x--\n'
    )
    message = email.message_from_string(text)
    return [part.get_content_type() for part in message.walk()], message.get_payload(0).get_payload()


def case_zipfile():
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as archive:
        archive.writestr(zipfile.ZipInfo('a/b.txt'), 'hello')
        archive.writestr(zipfile.ZipInfo('c.txt'), 'x' * 50, zipfile.ZIP_STORED)
    with zipfile.ZipFile(file) as archive:
        names = [info.filename for info in archive.infolist()]
        return names, archive.read('c.txt'), [p.name for p in zipfile.Path(archive).iterdir()]


def case_toml():
    return tomllib.loads('a = 1\n[b]\nc = [1, 2,\n 3]\nd = "x\\ty"\n[[e]]\nf = 1979-05-27\n[[e]]\nf.g = {h = true}\n')


def case_plist():
    return plistlib.loads(plistlib.dumps({'a': [1, 'x', True], 'b': {'c': b'bytes'}}))


def case_binary_plist():
    return plistlib.loads(plistlib.dumps({'a': [1, 'x', 2.5], 'b': 'z'}, fmt=plistlib.FMT_BINARY))


def case_xml_path():
    root = xml.etree.ElementTree.fromstring('<a><b k="1">x</b><c><b k="2"/></c></a>')
    found = [e.get('k') for e in root.iterfind('.//b[@k]')]
    xml.etree.ElementTree.indent(root)
    return found, xml.etree.ElementTree.tostring(root), root.find("c/b[@k='2']").tag


def case_calendar():
    return calendar.TextCalendar().formatmonth(2024, 2), calendar.HTMLCalendar().formatweekheader()


def case_base64():
    return base64.b85encode(b'hello world'), base64.a85decode(base64.a85encode(b'abc')), base64.b32decode('ME======')


def case_wave():
    file = io.BytesIO()
    with wave.open(file, 'wb') as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b'\0\1' * 4)
    file.seek(0)
    with wave.open(file) as back:
        return back.getparams(), back.readframes(2)


def case_mime():
    return mimetypes.MimeTypes().guess_type('a.tar.gz'), binascii.hexlify(b'a'), netrc.netrc.__name__
