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
        var samples = MemoryMarshal.Cast<byte, short>(File.ReadAllBytes("speech.wav").AsSpan(44)); // 16 kHz, mono, 16 bits
        var (frame, probability, isSpeech) = (new float[64 + 512], new float[1], false);
        for (var at = 0; at + 512 <= samples.Length; at += 512)
        {
            frame.AsSpan(512).CopyTo(frame); // the last 64 samples of the chunk before
            for (var i = 0; i < 512; i++)
            {
                frame[64 + i] = samples[at + i] / 32768f;
            }

            session.Run(frame, probability);
            if (probability[0] >= 0.5f != isSpeech)
            {
                isSpeech = !isSpeech;
                Console.WriteLine($"{at / 16000.0:0.00} s: {(isSpeech ? "speech" : "silence")}");
            }
        }

        // end of the example
    }
}
