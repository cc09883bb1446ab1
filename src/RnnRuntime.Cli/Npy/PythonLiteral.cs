using System.Globalization;

namespace RnnRuntime.Cli.Npy;

/// <summary>Reads the few Python literals that a NumPy header is made of, and nothing else.</summary>
internal sealed class PythonLiteral(string text, string source)
{
    private int _position;

    public bool TryTake(char wanted)
    {
        SkipSpace();
        if (_position < text.Length && text[_position] == wanted)
        {
            _position++;
            return true;
        }

        return false;
    }

    public void Expect(char wanted)
    {
        if (!TryTake(wanted))
        {
            throw Unexpected($"'{wanted}'");
        }
    }

    public void ExpectEnd()
    {
        SkipSpace();
        if (_position < text.Length)
        {
            throw Unexpected("the end of the header");
        }
    }

    public string TakeString()
    {
        SkipSpace();
        var quote = _position < text.Length ? text[_position] : '\0';
        if (quote is not ('\'' or '"'))
        {
            throw Unexpected("a quoted string");
        }

        var end = text.IndexOf(quote, _position + 1);
        if (end < 0)
        {
            throw Unexpected("a quoted string that ends");
        }

        var value = text[(_position + 1)..end];
        _position = end + 1;
        return value;
    }

    public bool TakeBoolean()
    {
        SkipSpace();
        foreach (var (word, value) in ((string, bool)[])[("True", true), ("False", false)])
        {
            if (text.AsSpan(_position).StartsWith(word, StringComparison.Ordinal))
            {
                _position += word.Length;
                return value;
            }
        }

        throw Unexpected("True or False");
    }

    public int[] TakeTuple(int maxLength)
    {
        var values = new List<int>();
        Expect('(');
        while (!TryTake(')'))
        {
            if (values.Count == maxLength)
            {
                throw Unexpected($"at most {maxLength} extents");
            }

            values.Add(TakeExtent());
            if (!TryTake(','))
            {
                Expect(')');

                // Without its comma "(3)" is a number in Python, not a tuple.
                return values.Count == 1 ? throw Unexpected("',' after a tuple's only extent") : [.. values];
            }
        }

        return [.. values];
    }

    private int TakeExtent()
    {
        SkipSpace();
        var start = _position;
        while (_position < text.Length && char.IsAsciiDigit(text[_position]))
        {
            _position++;
        }

        var digits = text.AsSpan(start, _position - start);
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            _position = start;
            throw Unexpected("an extent from 0 to 2147483647");
        }

        return value;
    }

    private void SkipSpace()
    {
        while (_position < text.Length && text[_position] is ' ' or '\t' or '\r' or '\n')
        {
            _position++;
        }
    }

    private CliException Unexpected(string expected)
    {
        var found = _position < text.Length ? $"'{Text.OneLine(text[_position..], 20)}'" : "the end";
        return new CliException($"{source}: NumPy header, character {_position}: expected {expected}, found {found}");
    }
}
