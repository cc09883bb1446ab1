using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Import;

namespace RnnRuntime.Tests.Import;

/// <summary>The README's example of streaming voice activity, compiled and run.</summary>
internal static class VadExample
{
    public static void Run()
    {
        // example
        var fix = new Dictionary<string, long> { ["sr"] = 16000, ["input[0]"] = 1, ["input[1]"] = 64 + 512, ["state[1]"] = 1 };
        using var model = RnnImporter.Load("silero_vad.onnx", new RnnImportOptions { Fix = fix.ToImmutableDictionary() });
        using var session = model.CreateSession();
        var samples = MemoryMarshal.Cast<byte, short>(File.ReadAllBytes("speech.wav").AsSpan(44)).ToArray(); // 16 kHz, mono, 16 bits
        float[] audio = [.. new float[64], .. samples.Select(sample => sample / 32768f)], speech = [0];
        for (var at = 0; at + 64 + 512 <= audio.Length; at += 512)
        {
            session.Run(audio.AsSpan(at, 64 + 512), speech); // the end of the chunk before, and the new one; the state is carried
            Console.WriteLine($"{at / 16000.0:0.00} s: {speech[0]:0.00}");
        }

        // end of the example
    }
}
