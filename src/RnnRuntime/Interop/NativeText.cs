using System.Text;

namespace RnnRuntime.Interop;

/// <summary>Texts as C has them: UTF-8 that ends with a zero.</summary>
internal static unsafe class NativeText
{
    /// <summary>Writes as much as fits, cut between characters, and a zero.</summary>
    public static void Write(string text, byte* target, int capacity)
    {
        if (target == null || capacity < 8)
        {
            return;
        }

        var room = new Span<byte>(target, capacity);
        Encoding.UTF8.GetEncoder().Convert(text, room[..^1], flush: true, out _, out var written, out _);
        room[written] = 0;
    }
}
